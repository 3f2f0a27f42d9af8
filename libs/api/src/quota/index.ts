/** What objects cost against a ResourceQuota: shared by admission, which charges, and the controller, which counts again. */
export { addAmounts, describeAmounts, formatAmounts, maskAmounts, namesAbove, parseAmounts, sameAmounts, subtractAmounts, type Amounts } from './amounts';
export type { DeviceObjects } from './device-claim-evaluator';
export type { QuotaEvaluator } from './evaluator';
export { countedNames, inScope, quotaEvaluatorFor, usageOf } from './evaluators';
export { isPodCharged } from './pod-evaluator';
export { podAmounts } from './pod-resources';
export { scopesOf, type Scope } from './scopes';
