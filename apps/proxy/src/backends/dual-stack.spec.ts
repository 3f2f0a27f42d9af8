import type { IpFamily } from '@navarch/apimachinery';
import { proxyv1 } from '@navarch/proto';
import { DualStackDataPlane, type FamilyPlane } from './dual-stack';

const port = (id: string, address: string): proxyv1.ServicePort => proxyv1.ServicePort.fromPartial({ id, addresses: [address] });
const [v4, v6] = [port('web', '10.96.0.7'), port('web/IPv6', 'fd00::7')];
const request = (over: Partial<proxyv1.SyncRequest>): proxyv1.SyncRequest => ({ sequence: 1n, reset: false, upsert: [], remove: [], ...over });

/** Planes that hold ports, as the kernel would. */
class Kernel {
  readonly held = new Map<IpFamily, Set<string>>();
  readonly unserved: string[] = [];
  readonly plane: DualStackDataPlane;

  constructor(families: IpFamily[]) {
    this.plane = new DualStackDataPlane('test', new Map(families.map((family): [IpFamily, FamilyPlane] => [family, {
      cleanUp: () => {
        this.held.delete(family);
        return Promise.resolve();
      },
      plane: {
        name: family,
        sync: ({ reset, upsert, remove }) => {
          const ids = reset ? new Set<string>() : this.held.get(family);
          if (ids === undefined) return Promise.reject(new Error('a change before a full state'));
          for (const id of remove) ids.delete(id);
          for (const { id } of upsert) ids.add(id);
          this.held.set(family, ids);
          return Promise.resolve();
        },
      },
    }])), (id) => this.unserved.push(id));
  }

  get ids(): object {
    return Object.fromEntries([...this.held].map(([family, ids]) => [family, [...ids]]));
  }
}

describe('a data plane of both families', () => {
  it('gives each its own ports', async () => {
    const kernel = new Kernel(['IPv4', 'IPv6']);
    await kernel.plane.sync(request({ reset: true, upsert: [v4, v6] }));
    expect(kernel.ids).toEqual({ IPv4: ['web'], IPv6: ['web/IPv6'] });
    await kernel.plane.sync(request({ remove: ['web'] }));
    expect(kernel.ids).toEqual({ IPv4: [], IPv6: ['web/IPv6'] });
  });

  it('begins a family with its first port, and takes away what an earlier run had of one without ports', async () => {
    const kernel = new Kernel(['IPv4', 'IPv6']);
    kernel.held.set('IPv6', new Set(['old']));
    await kernel.plane.sync(request({ reset: true, upsert: [v4] }));
    expect(kernel.ids).toEqual({ IPv4: ['web'] });
    await kernel.plane.sync(request({ upsert: [v6] }));
    expect(kernel.ids).toEqual({ IPv4: ['web'], IPv6: ['web/IPv6'] });
  });

  it('tells of ports whose family the kernel does not have', async () => {
    const kernel = new Kernel(['IPv4']);
    await kernel.plane.sync(request({ reset: true, upsert: [v4, v6] }));
    expect([kernel.ids, kernel.unserved]).toEqual([{ IPv4: ['web'] }, ['web/IPv6']]);
  });
});
