/** What controllers share: the loop around a reconciler, owner references, events, facts about pods. */
export * from './ports';
export { Controller, type ControllerDeps, type ControllerOptions, type Outcome } from './controller/controller';
export { after, done, isTerminal, TerminalError, type Reconciler, type Result } from './controller/reconciler';
export { slowStart } from './controller/slow-start';
export { EventCorrelator, type CorrelatedEvent } from './events/event-correlator';
export { EventRecorder, type EventRecorderDeps, type EventRecorderOptions } from './events/event-recorder';
export { isPodActive, isPodAvailable, isPodReady, isPodTerminal, isPodTerminating, podCondition, untilAvailableMs } from './pods/pod-conditions';
export { canonicalJson, podTemplateHash, POD_TEMPLATE_HASH, sameTemplate } from './pods/pod-template-hash';
export { rankActivePods, rankForDeletion } from './pods/rank-for-deletion';
export { claimObjects, type ClaimRequest } from './refs/claim-objects';
export { planClaims, type ClaimRules, type Claims } from './refs/plan-claims';
export { controllerNamed, controllerOf, controllerReference, isControlledBy } from './refs/owner-references';
