import { addMonths, differenceInBusinessDays, eachDayOfInterval, format, formatDistance, getISOWeek, parse, parseISO } from "date-fns";
import { de } from "date-fns/locale";
import { library } from "./check.js";

export default library(async ({ equal }) => {
  const day = new Date(2024, 1, 29, 13, 5);
  equal([format(day, "yyyy-MM-dd 'at' h:mm a, EEEE"), format(day, "PPPP", { locale: de })], ["2024-02-29 at 1:05 PM, Thursday", "Donnerstag, 29. Februar 2024"]);
  equal(format(addMonths(day, 12), "d MMM yyyy"), "28 Feb 2025");
  equal([getISOWeek(new Date(2021, 0, 3)), differenceInBusinessDays(new Date(2024, 0, 8), new Date(2024, 0, 5))], [53, 1]);
  equal(formatDistance(new Date(2024, 0, 1), new Date(2024, 0, 4), { addSuffix: true }), "3 days ago");
  equal(eachDayOfInterval({ start: new Date(2024, 1, 27), end: new Date(2024, 2, 1) }).length, 4);
  equal([parse("31/12/99", "dd/MM/yy", new Date(2000, 0, 1)).getDate(), parseISO("2020-01-01T00:00:00Z").getTime()], [31, 1577836800000]);
});
