import { core, goShapeTable, protobufTable, schemaTable, type KubeObject, type ResourceType } from '@navarch/api';
import { applyStrategicMergePatch, SchemaCatalog, type JsonObject } from '@navarch/apimachinery';
import { SimulatedApi } from '@navarch/client/testing';
import { type Clock } from '@navarch/clock';

const catalog = new SchemaCatalog({ schema: schemaTable(), protobuf: protobufTable(), goShape: goShapeTable() });
const kinds: Record<string, string> = { pods: 'Pod', nodes: 'Node' };

/** The simulated API with what only a kubelet asks for: strategic patches of statuses, and tokens. */
export class NodeApi extends SimulatedApi {
  tokensIssued = 0;
  /** How long tokens hold; unset: longer than any test. */
  tokenLifeMs: number | undefined;
  /** How often the status of an object was written, by name. */
  readonly statusWrites = new Map<string, number>();

  constructor(private readonly clock: Clock) {
    super(clock);
  }

  override patch(resource: Pick<ResourceType<unknown>, 'group' | 'resource'>, namespace: string, name: string, subresource: string, patch: Record<string, unknown>): KubeObject {
    const type = catalog.typeOfKind('', 'v1', kinds[resource.resource] ?? '');
    if (!type) return super.patch(resource, namespace, name, subresource, patch);
    if (subresource === 'status') this.statusWrites.set(name, (this.statusWrites.get(name) ?? 0) + 1);
    const object = this.get(resource, namespace, name);
    const merged = applyStrategicMergePatch(object as unknown as JsonObject, patch as JsonObject, type);
    return this.update(resource, namespace, name, subresource, merged as unknown as KubeObject);
  }

  override create(resource: Pick<ResourceType<unknown>, 'group' | 'resource'>, namespace: string, given: KubeObject): KubeObject {
    if (resource.resource !== core.serviceaccounts.resource || given.kind !== 'TokenRequest') return super.create(resource, namespace, given);
    this.tokensIssued++;
    return {
      ...given,
      status: {
        token: `token-${this.tokensIssued}`,
        expirationTimestamp: this.tokenLifeMs === undefined ? '2099-01-01T00:00:00Z' : new Date(this.clock.now() + this.tokenLifeMs).toISOString(),
      },
    } as KubeObject;
  }
}
