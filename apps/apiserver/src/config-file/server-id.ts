import { hostname } from 'node:os';
import { hashOf } from './reloaded-file';

/** Tells the servers of a cluster apart in metrics, without naming them. */
export const serverIdHash = (): string => hashOf(`apiserver-${hostname()}`);
