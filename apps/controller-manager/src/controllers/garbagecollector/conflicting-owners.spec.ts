import { apps, core, rbac, type KubeObject, type metav1, type ResourceType } from '@navarch/api';
import { formatGroupVersion, notFound } from '@navarch/apimachinery';
import type { ObjectApi, ObjectKey } from '@navarch/reconcile';
import type { AnyResource } from '../../resource-types';
import { Collector } from './collector';
import { describeIdentity } from './identity';
import { OwnershipGraph, type GraphWork } from './ownership-graph';

const known: readonly AnyResource[] = [core.pods, core.nodes, core.secrets, apps.deployments, rbac.roles] as ResourceType<never>[];
/** Versions that are served beside the one that is followed. */
const alsoServed = new Map([['rbac.authorization.k8s.io/v1beta1', 'rbac.authorization.k8s.io/v1']]);
const signal = new AbortController().signal;

/** The graph and the collector, one step at a time: news comes when a test says so, and what waits is worked on when it says so. */
class Bench {
  readonly events: string[] = [];
  /** What the API was asked to do. */
  asked: string[] = [];
  waiting: string[] = [];
  readonly #stored = new Map<string, KubeObject>();
  readonly #graph: OwnershipGraph;
  readonly #collector: Collector;

  constructor() {
    const lookup = (apiVersion: string, kind: string): AnyResource | undefined => known.find((type) => type.kind === kind && formatGroupVersion(type) === (alsoServed.get(apiVersion) ?? apiVersion));
    this.#graph = new OwnershipGraph(lookup);
    const log = (verb: string, { resource }: AnyResource, { namespace, name }: ObjectKey): string => {
      this.asked.push(`${verb} ${resource} ${namespace}/${name}`);
      return `${resource}/${namespace}/${name}`;
    };
    const api = {
      get: (type: AnyResource, key: ObjectKey) => {
        const object = this.#stored.get(log('get', type, key));
        return object === undefined ? Promise.reject(notFound(type, key.name)) : Promise.resolve(object);
      },
      delete: (type: AnyResource, key: ObjectKey) => {
        this.#stored.delete(log('delete', type, key));
        return Promise.resolve();
      },
    } as unknown as ObjectApi;
    this.#collector = new Collector({ api, graph: this.#graph, lookup, onWork: (work) => this.#take(work) });
  }

  store(type: AnyResource, object: KubeObject): void {
    const { namespace = '', name = '' } = object.metadata;
    this.#stored.set(`${type.resource}/${namespace}/${name}`, object);
  }

  hear(type: AnyResource, object: KubeObject): void {
    this.#take(this.#graph.put(type, object));
  }

  hearGone({ metadata: { uid = '' } }: KubeObject): void {
    this.#take(this.#graph.remove(uid));
  }

  /** Works on the first that waits; answers what the API was asked for it. */
  async work(): Promise<string[]> {
    this.asked = [];
    const uid = this.waiting.shift() ?? '';
    const node = this.#graph.get(uid);
    const again = node !== undefined && (await this.#collector.attemptToDelete(node, signal).catch(() => true));
    if (again && !this.waiting.includes(uid)) this.waiting.push(uid);
    return this.asked;
  }

  /** `uid=name`, with a question mark for what is known by references only. */
  nodes(...uids: string[]): (string | undefined)[] {
    return uids.map((uid) => {
      const node = this.#graph.get(uid);
      return node && `${node.virtual ? '?' : ''}${node.identity.kind} ${node.identity.namespace}/${node.identity.name}`;
    });
  }

  dependentsOf(uid: string): string[] {
    return [...(this.#graph.get(uid)?.dependents ?? [])].map(({ identity }) => identity.uid);
  }

  #take({ attemptToDelete, absent, misplaced }: GraphWork): void {
    for (const owner of absent) this.#collector.noteAbsent(owner);
    for (const { dependent, owner } of misplaced) this.events.push(`${dependent.name}: ${describeIdentity(owner)}`);
    for (const { identity: { uid } } of attemptToDelete) if (!this.waiting.includes(uid)) this.waiting.push(uid);
  }
}

const object = (namespace: string, name: string, uid: string, owner?: metav1.OwnerReference): KubeObject =>
  ({ metadata: { name, uid, ...(namespace === '' ? {} : { namespace }), ...(owner === undefined ? {} : { ownerReferences: [owner] }) } });
const owner = (kind: string, name: string, uid: string, apiVersion = 'v1'): metav1.OwnerReference => ({ apiVersion, kind, name, uid });

describe('owners that are named wrongly', () => {
  let bench: Bench;
  beforeEach(() => (bench = new Bench()));
  const workAll = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await bench.work();
  };

  it.each([true, false])('in another namespace: the child goes, and is told (child first: %p)', async (childFirst) => {
    const child = object('a', 'child', 'c', owner('Pod', 'parent', 'p'));
    const parent = object('b', 'parent', 'p');
    for (const pod of [child, parent]) bench.store(core.pods, pod);
    for (const pod of childFirst ? [child, parent] : [parent, child]) bench.hear(core.pods, pod);
    expect(bench.events).toEqual(['child: [v1/Pod, namespace: a, name: parent, uid: p]']);
    if (childFirst) expect(await bench.work()).toEqual(['get pods b/parent']);
    expect(await bench.work()).toEqual(['get pods a/child', 'get pods a/parent', 'delete pods a/child']);
    bench.hearGone(child);
    expect(bench.waiting).toEqual([]);
    expect(bench.nodes('c', 'p')).toEqual([undefined, 'Pod b/parent']);
  });

  it.each([true, false])('in a namespace, by what lies in none: it stays, is told, and not looked at again (child first: %p)', async (childFirst) => {
    const child = object('', 'child', 'c', owner('Pod', 'parent', 'p'));
    const parent = object('a', 'parent', 'p');
    bench.store(core.nodes, child);
    bench.store(core.pods, parent);
    if (!childFirst) bench.hear(core.pods, parent);
    bench.hear(core.nodes, child);
    if (childFirst) {
      expect(await bench.work()).toEqual([]);
      expect(bench.waiting).toEqual([]);
      bench.hear(core.pods, parent);
    }
    expect(bench.events).toEqual(['child: [v1/Pod, namespace: , name: parent, uid: p]']);
    expect(await bench.work()).toEqual(['get nodes /child']);
    expect(bench.waiting).toEqual([]);
    expect(bench.dependentsOf('p')).toEqual(['c']);
  });

  it('outside of all namespaces, by one that is right: nothing is wrong', async () => {
    const child = object('a', 'child', 'c', owner('Node', 'node', 'n'));
    const node = object('', 'node', 'n');
    bench.store(core.pods, child);
    bench.store(core.nodes, node);
    bench.hear(core.pods, child);
    expect(await bench.work()).toEqual(['get nodes /node']);
    // Not yet heard of: it is looked at until it is.
    expect(bench.waiting).toEqual(['n']);
    bench.hear(core.nodes, node);
    await workAll();
    expect([bench.events, bench.waiting, bench.nodes('n')]).toEqual([[], [], ['Node /node']]);
  });

  it.each(['child first', 'good child first', 'owner first', 'owner before it is looked at'])('by another kind: the child goes, the good child only with its owner (%s)', async (order) => {
    const bad = object('a', 'bad', 'b', owner('Secret', 'secret', 'd'));
    const good = object('a', 'good', 'g', owner('Deployment', 'web', 'd', 'apps/v1'));
    const web = object('a', 'web', 'd');
    for (const pod of [bad, good]) bench.store(core.pods, pod);
    bench.store(apps.deployments, web);
    if (order === 'owner first') bench.hear(apps.deployments, web);
    for (const pod of order === 'good child first' ? [good, bad] : [bad, good]) bench.hear(core.pods, pod);
    if (order === 'owner before it is looked at') bench.hear(apps.deployments, web);
    await workAll();
    bench.hearGone(bad);
    bench.hear(apps.deployments, web);
    await workAll();
    expect(bench.nodes('b', 'g', 'd')).toEqual([undefined, 'Pod a/good', 'Deployment a/web']);
    expect([bench.waiting, bench.dependentsOf('d')]).toEqual([[], ['g']]);
    // That a Secret of that uid is known to be absent says nothing about the Deployment.
    bench.waiting.push('g');
    expect(await bench.work()).toEqual(['get pods a/good', 'get deployments a/web']);
    bench.hearGone(web);
    expect(await bench.work()).toEqual(['get pods a/good', 'delete pods a/good']);
  });

  it('by a version that is served beside the one that is followed: the child goes with its owner', async () => {
    const child = object('a', 'child', 'c', owner('Role', 'role', 'r', 'rbac.authorization.k8s.io/v1beta1'));
    const role = object('a', 'role', 'r');
    bench.store(core.pods, child);
    bench.store(rbac.roles, role);
    bench.hear(core.pods, child);
    bench.hear(rbac.roles, role);
    await workAll();
    expect(bench.waiting).toEqual([]);
    expect(bench.nodes('c', 'r')).toEqual(['Pod a/child', 'Role a/role']);
    await bench.work();
    bench.hearGone(role);
    bench.store(rbac.roles, object('a', 'role', 'another'));
    expect(await bench.work()).toEqual(['get pods a/child', 'get roles a/role', 'delete pods a/child']);
  });

  it.each([true, false])('by a version that is not served: the child stays, and others do not suffer (it first: %p)', async (first) => {
    const lost = object('a', 'lost', 'l', owner('Deployment', 'web', 'd', 'extensions/v1beta1'));
    const other = object('a', 'other', 'o', owner('Deployment', 'web', 'd', 'apps/v1'));
    for (const pod of [lost, other]) bench.store(core.pods, pod);
    for (const pod of first ? [lost, other] : [other, lost]) bench.hear(core.pods, pod);
    const asked: string[] = [];
    for (let turn = 0; turn < 10; turn++) asked.push(...(await bench.work()));
    expect(asked.filter((request) => request.startsWith('delete'))).toEqual(['delete pods a/other']);
    bench.hearGone(other);
    await workAll();
    expect(bench.nodes('l', 'd')).toEqual(['Pod a/lost', '?Deployment a/web']);
    expect(bench.waiting).toContain('d');
  });

  it.each([true, false])('by what lies in no namespace, of an owner that is gone: the good child goes (bad child first: %p)', async (badFirst) => {
    const bad = object('', 'bad', 'b', owner('Pod', 'parent', 'p'));
    const good = object('a', 'good', 'g', owner('Pod', 'parent', 'p'));
    bench.store(core.nodes, bad);
    bench.store(core.pods, good);
    const hears = [(): void => bench.hear(core.nodes, bad), (): void => bench.hear(core.pods, good)];
    for (const hear of badFirst ? hears : hears.reverse()) hear();
    const asked: string[] = [];
    for (let turn = 0; turn < 10; turn++) asked.push(...(await bench.work()));
    expect(asked.filter((request) => request.startsWith('delete'))).toEqual(['delete pods a/good']);
    bench.hearGone(good);
    await workAll();
    expect(bench.waiting).toEqual([]);
    expect(bench.nodes('b', 'p')).toEqual(['Node /bad', '?Pod /parent']);
  });

  it('that came and went unheard of: the child goes all the same', async () => {
    const child = object('a', 'child', 'c', owner('Pod', 'parent', 'p'));
    bench.store(core.pods, child);
    bench.store(core.pods, object('a', 'parent', 'p'));
    bench.hear(core.pods, child);
    expect(await bench.work()).toEqual(['get pods a/parent']);
    bench.store(core.pods, object('a', 'parent', 'another'));
    expect(await bench.work()).toEqual(['get pods a/parent']);
    expect(await bench.work()).toEqual(['get pods a/child', 'delete pods a/child']);
  });
});
