import { initWasm, Resvg } from "@resvg/resvg-wasm";
import module from "@resvg/resvg-wasm/index_bg.wasm";
import { library, hex } from "./check.js";

export default library(async ({ equal }) => {
  await initWasm(module);
  const image = new Resvg('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="2"><rect width="2" height="2" fill="#f00"/><rect x="2" width="2" height="2" fill="#00ff0080"/></svg>').render();
  equal([image.width, image.height, hex(image.pixels)], [4, 2, "ff0000ffff0000ff0080008000800080".repeat(2)]);
  const png = image.asPng();
  equal(hex(png.slice(0, 8)), "89504e470d0a1a0a");
});
