/**
 * Something has changed in the runtime that the kubelet did not do itself. A source names the pod where it knows it, else the container. `ended`: its
 * process is gone, even if the runtime should still answer that it runs.
 */
export type RuntimeChange = { readonly podUid: string } | { readonly id: string; readonly ended?: boolean };

/** Tells of changes as they happen. Any may be told late, twice or not at all: lists are the floor under every source. */
export interface RuntimeEventSource {
  readonly name: string;
  /** Ends, or rejects, when the runtime goes away; rejects with RuntimeUnsupportedError where it does not tell at all. */
  follow(signal: AbortSignal): AsyncIterable<RuntimeChange>;
}
