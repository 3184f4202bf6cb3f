/** performance.mark and measure, and their observers: see ../performance. */
export { PerformanceEntry, PerformanceMark, PerformanceMeasure } from "../performance/entry.js";
export { PerformanceObserver, PerformanceObserverEntryList } from "../performance/observer.js";
export { clear, mark, measure, selectAll } from "../performance/timeline.js";
