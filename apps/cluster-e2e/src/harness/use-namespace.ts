import type { RunningCluster } from './cluster';

/** kubectl in one namespace. */
export interface InNamespace {
  readonly kubectl: (args: string, input?: string) => Promise<string>;
  readonly apply: (...items: object[]) => Promise<string>;
}

/**
 * A namespace of a suite's own, there before its first test and gone with its last.
 * @param items what is in it from the start; its pods are Ready then
 * @param gone whether the suite ends only when all of it is gone, as what runs next needs the room
 */
export function useNamespace(cluster: RunningCluster, namespace: string, items: readonly object[] = [], { gone = false } = {}): InNamespace {
  const kubectl = (args: string, input?: string): Promise<string> => cluster.kubectl(`-n ${namespace} ${args}`, input === undefined ? {} : { input });
  const apply = (...objects: object[]): Promise<string> => kubectl('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));

  beforeAll(async () => {
    await cluster.kubectl(`create namespace ${namespace}`);
    await cluster.until(() => kubectl('get serviceaccount default'));
    if (items.length === 0) return;
    await apply(...items);
    await kubectl('wait pod --all --for=condition=Ready --timeout=180s');
  });
  afterAll(() => cluster.kubectl(`delete namespace ${namespace} --wait=${gone}`));
  return { kubectl, apply };
}
