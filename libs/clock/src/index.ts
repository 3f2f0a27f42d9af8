export { rest, sleepOn, type Clock, type Timer } from './clock';
export { eitherOf, within } from './either-signal';
export { systemClock } from './system-clock';
export { FakeClock } from './fake-clock';
export { slices, type SliceOptions } from './slices';
