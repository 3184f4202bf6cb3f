import path, { posix, win32 } from "node:path";

export function answer() {
  return {
    join: [path.join("/a", "../b", "./c"), path.join(""), win32.join("c:\\a", "..\\b")],
    resolve: [path.resolve("/a/b", "../c", "d"), win32.resolve("C:\\a", "..\\b"), path.resolve("/x", "/y")],
    parse: [path.parse("/home/u/file.tar.gz"), win32.parse("C:\\dir\\file.txt"), path.parse("./.bashrc")],
    format: [path.format({ dir: "/a", base: "b.c" }), win32.format({ root: "C:\\", name: "x", ext: ".y" })],
    relative: [path.relative("/a/b/c", "/a/d"), win32.relative("C:\\a\\b", "C:\\a\\c\\d"), path.relative("/a", "/a")],
    normalize: [path.normalize("/a//b/../c/."), win32.normalize("C:/x/../y\\"), path.normalize("../../a/..")],
    names: [path.basename("/a/b.html", ".html"), path.extname("a.b.c"), path.dirname("/a/b/"), win32.basename("C:\\x.y", ".y"), path.extname(".x"), path.dirname("a")],
    absolute: [path.isAbsolute("/a"), win32.isAbsolute("C:/"), win32.isAbsolute("a\\b"), posix.isAbsolute("C:/")],
    misc: [path.sep, win32.sep, path.delimiter, win32.delimiter, path.posix === posix, win32.toNamespacedPath("C:\\a")],
    error: (() => { try { path.join(1); } catch (error) { return [error.code, error.message]; } })(),
  };
}
