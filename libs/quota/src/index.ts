/** How objects count against ResourceQuotas, and what pods ask for in all. Pure: admission charges by it, the controller recounts. */
export { addAmounts, type Amounts, exceededOf, maskAmounts, noAmounts, readAmounts, type ResourceList, writeAmounts } from './amounts';
export { chargeQuotas, refundQuota, type Charge, type ChargeResult } from './charge';
export { countedBy, evaluatorFor, type Countable, type Evaluator } from './evaluator';
export { podAmounts } from './pod-amounts';
export { holdsResources } from './pod-usage';
export { inScope } from './scopes';
