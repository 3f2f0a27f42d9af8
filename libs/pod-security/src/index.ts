/** The Pod Security Standards of Kubernetes 1.36, with the texts of upstream's admission. Pure. */
export type { CheckedPod, Violation } from './check';
export { describeViolations, summarizeViolations, violationsOf } from './evaluate';
export { compareLevels, formatLevelVersion, latest, type Level, type LevelVersion } from './level-version';
export { readPolicy, type Policy, type ReadPolicy } from './policy';
