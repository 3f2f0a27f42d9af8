import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Something that crosses a boundary of this process. */
export interface BoundaryEvent {
  readonly carrier: 'grpc' | 'nats' | 'rest' | 'http' | 'dns';
  readonly direction: 'in' | 'out';
  /** A gRPC method, a NATS subject, a REST request's method and path (of a webhook: host), an HTTP request's method and host, or a DNS question. */
  readonly what: string;
  readonly bytes?: number;
  /** Made only when somebody looks; see `describeMessage` for what of it is shown. */
  readonly message?: () => unknown;
}

/**
 * Where libraries tell what crosses: by Node's own diagnostics channels, so that nobody who sends or receives has to know who looks. Costs a
 * check when nobody does.
 */
const name = 'navarch:boundary';
const crossings = channel(name);

export const isTapped = (): boolean => crossings.hasSubscribers;

export function tellBoundary(event: BoundaryEvent): void {
  if (crossings.hasSubscribers) crossings.publish(event);
}

/** @returns how to stop */
export function watchBoundary(onEvent: (event: BoundaryEvent) => void): () => void {
  const listener = (event: unknown): void => onEvent(event as BoundaryEvent);
  subscribe(name, listener);
  return () => unsubscribe(name, listener);
}
