import { type StorageLog } from '../log';
import { type CachedResource, type Description } from '../cache-types';
import { type DeleteOp, type PutOp, type Store, type StoreEvent, type StoreWatch, type Write, type WriteOutcome } from '../types';

/** Says nothing. */
export const silentLog: StorageLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Keeps what was said. */
export function recordingLog(): StorageLog & { readonly lines: string[] } {
  const lines: string[] = [];
  const record = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, info: record, warn: record, error: record };
}

/** Stored JSON of an object with this content. */
export function stored(name: string, extra: object = {}, metadata: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ metadata: { resourceVersion: '', name, ...metadata }, ...extra }));
}

export function put(key: string, expectedModRevision: number, extra: object = {}, leaseId?: string): PutOp {
  const json = stored(key.slice(key.lastIndexOf('/') + 1), extra);
  return leaseId === undefined ? { kind: 'put', key, json, expectedModRevision } : { kind: 'put', key, json, expectedModRevision, leaseId };
}

export function remove(key: string, expectedModRevision: number): DeleteOp {
  return { kind: 'delete', key, expectedModRevision };
}

export function write(...ops: Write['ops'][number][]): Write {
  return { ops };
}

/** The outcome of a write that must have succeeded. */
export function succeeded(outcome: WriteOutcome): WriteOutcome & { ok: true } {
  if (!outcome.ok) throw new Error(`conflict: ${JSON.stringify(outcome.current.map((value) => value?.resourceVersion))}`);
  return outcome;
}

/** What a watch has shown. */
export interface Recording {
  readonly revisions: number[];
  readonly events: StoreEvent[];
  readonly compacted: number[];
  readonly watch: StoreWatch;
  /** Resolves when a revision, or a later one, has been seen. */
  until(revision: number): Promise<void>;
}

export function record(store: Store, fromRevision: number): Recording {
  const revisions: number[] = [];
  const events: StoreEvent[] = [];
  const compacted: number[] = [];
  let wake: (() => void)[] = [];
  const watch = store.watch(fromRevision, {
    onOpened: () => undefined,
    onRevision: (revision, seen) => {
      revisions.push(revision);
      events.push(...seen.map((event) => (event.kind === 'put' ? { ...event, json: Buffer.from(event.json) } : event)));
      for (const resume of wake.splice(0)) resume();
    },
    onCompacted: (revision) => {
      compacted.push(revision);
      for (const resume of wake.splice(0)) resume();
    },
  });
  return {
    revisions, events, compacted, watch,
    until: async (revision) => {
      while ((revisions.at(-1) ?? 0) < revision && compacted.length === 0) await new Promise<void>((resolve) => (wake = [...wake, resolve]));
    },
  };
}

/** The shape of pods, as far as these tests go. */
export interface TestPod {
  readonly metadata: { readonly name: string; readonly uid?: string; readonly labels?: Record<string, string> };
  readonly spec?: { readonly nodeName?: string };
}

export const podPrefix = '/registry/core/pods/';
export const pods: CachedResource<TestPod> = {
  prefix: podPrefix,
  apiVersion: 'v1',
  kind: 'Pod',
  hasNodes: true,
  describe: ({ metadata, spec }): Description => {
    const node = spec?.nodeName;
    const common = { uid: metadata.uid ?? '', labels: metadata.labels ?? {}, fields: { 'spec.nodeName': node ?? '' } };
    return node === undefined ? common : { ...common, node };
  },
};

export const configMaps: CachedResource<TestPod> = {
  prefix: '/registry/core/configmaps/',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  describe: ({ metadata }) => ({ uid: metadata.uid ?? '', labels: metadata.labels ?? {}, fields: {} }),
};
