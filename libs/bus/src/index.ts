export { encodeToken, changeSubject, changeFilter, bookmarkSubject, heartbeatSubject, usageSubject, type ChangeTokens, type ClassTokens, type ResourceTokens } from './subjects';
export { NatsBus, type NatsBusOptions, type NatsBusDeps, type BusCounters } from './nats-bus';
export type { BusCredentials, BusLog, BusSubscription, ChangeFeed, ChangeHandler, ChangePublisher, HeartbeatFeed, QueueLimits, UsageFeed } from './types';
