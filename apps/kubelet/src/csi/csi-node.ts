import { core, storage, type corev1, type storagev1 } from '@navarch/api';
import { isConflict, isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';
import { type csiv1 } from '@navarch/proto';
import { canonicalJson } from '../canonical-json';

const nodeIdAnnotation = 'csi.volume.kubernetes.io/nodeid';
const attempts = 5;
/** The API has no room for more. */
const maxCount = 2 ** 31 - 1;

/** Keeps the CSINode object, and what drivers say of this node on the Node: its ids and its topology labels. */
export class CsiNodeObject {
  constructor(private readonly nodeName: string, private readonly deps: { readonly client: ApiClient; readonly nodeUid: () => string | undefined }) {}

  /** Makes the object, without drivers, unless there is one. */
  ensure(): Promise<void> {
    return this.#update((drivers) => [...drivers]);
  }

  async install(driver: string, info: csiv1.NodeGetInfoResponse): Promise<void> {
    await this.#annotate({ [driver]: info.nodeId }, info.accessibleTopology?.segments ?? {});
    await this.#update((drivers) => [...drivers.filter(({ name }) => name !== driver), entry(driver, info)]);
  }

  /** All else that a driver says of the node is not to change while it is registered. */
  async updateLimit(driver: string, info: csiv1.NodeGetInfoResponse): Promise<void> {
    const { allocatable } = entry(driver, info);
    const withLimit = ({ name, nodeID, topologyKeys }: storagev1.CSINodeDriver): storagev1.CSINodeDriver => ({ name, nodeID, ...(topologyKeys === undefined ? {} : { topologyKeys }), ...(allocatable === undefined ? {} : { allocatable }) });
    await this.#update((drivers) => drivers.map((known) => (known.name === driver ? withLimit(known) : known)));
  }

  async uninstall(driver: string): Promise<void> {
    await this.#update((drivers) => drivers.filter(({ name }) => name !== driver));
    await this.#annotate({ [driver]: undefined }, {});
  }

  async #update(change: (drivers: readonly storagev1.CSINodeDriver[]) => storagev1.CSINodeDriver[]): Promise<void> {
    const { client } = this.deps;
    for (let attempt = 1; ; attempt++) {
      const known = await client.get(storage.csinodes, { namespace: '', name: this.nodeName }).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      const drivers = change(known?.spec.drivers ?? []);
      if (known && canonicalJson(known.spec.drivers) === canonicalJson(drivers)) return;
      try {
        if (known) await client.update(storage.csinodes, { ...known, spec: { ...known.spec, drivers } });
        else await client.create(storage.csinodes, this.#object(drivers));
        return;
      } catch (error) {
        if (attempt >= attempts || !(isConflict(error) || isAlreadyExists(error) || isNotFound(error))) throw error;
      }
    }
  }

  #object(drivers: storagev1.CSINodeDriver[]): storagev1.CSINode {
    const uid = this.deps.nodeUid();
    const owner = uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: this.nodeName, uid }] };
    return { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: this.nodeName, ...owner }, spec: { drivers } };
  }

  async #annotate(changes: Readonly<Record<string, string | undefined>>, labels: Readonly<Record<string, string>>): Promise<void> {
    const { client } = this.deps;
    const key = { namespace: '', name: this.nodeName };
    const node = await client.get(core.nodes, key);
    const before = readIds(node);
    const ids = Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, id]) => id !== undefined));
    // Where the node is, is not for a driver to change: mirrors updateTopologyLabels of upstream's nodeinfomanager.
    for (const [label, value] of Object.entries(labels)) {
      const known = node.metadata.labels?.[label];
      if (known !== undefined && known !== value) throw new Error(`detected topology value collision: driver reported "${label}":"${value}" but existing label is "${label}":"${known}"`);
    }
    const fresh = Object.entries(labels).filter(([label]) => node.metadata.labels?.[label] === undefined);
    if (canonicalJson(before) === canonicalJson(ids) && fresh.length === 0) return;
    const annotation = Object.keys(ids).length === 0 ? null : JSON.stringify(ids);
    await client.patch(core.nodes, key, 'merge', { metadata: { annotations: { [nodeIdAnnotation]: annotation }, labels: Object.fromEntries(fresh) } });
  }
}

function entry(name: string, { nodeId, maxVolumesPerNode, accessibleTopology }: csiv1.NodeGetInfoResponse): storagev1.CSINodeDriver {
  return {
    name, nodeID: nodeId, topologyKeys: Object.keys(accessibleTopology?.segments ?? {}).sort(),
    ...(maxVolumesPerNode > 0n ? { allocatable: { count: Math.min(Number(maxVolumesPerNode), maxCount) } } : {}),
  };
}

function readIds(node: corev1.Node): Record<string, string> {
  return JSON.parse(node.metadata.annotations?.[nodeIdAnnotation] ?? '{}') as Record<string, string>;
}
