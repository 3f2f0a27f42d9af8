import { apiVersionOf, type KubeObject, type ResourceType } from '@navarch/api';
import { applyDefaults } from '../codec/decode-body';
import { loopback, type ObjectWriter } from '../pipeline';
import { create, settleNamespace } from './create';
import { remove } from './delete';
import { find } from './get';
import type { Registry } from './registry';
import type { Cached, ResourceStore } from './resource-store';
import { update } from './update';
import type { WriteContext } from './write-context';

const own: WriteContext = {
  user: loopback, dryRun: false, fieldManager: 'kube-apiserver', userAgent: '', fieldValidation: 'Ignore', force: false, trusted: true, warn: () => undefined,
};

/** The apiserver's own writes: through strategies and validation, without admission. Types name the storage version. */
export class RegistryWriter implements ObjectWriter {
  constructor(private readonly registry: Registry) {}

  async get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): Promise<T | undefined> {
    const found = await find(this.registry.storeOf(type), namespace, name);
    return found && parsed<T>(found);
  }

  async create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    const store = this.registry.storeOf(type);
    const copy = this.own(store, type, object);
    settleNamespace(store, copy, object.metadata.namespace ?? '');
    return parsed<T>(await create(store, copy, own));
  }

  async update<T extends KubeObject>(type: ResourceType<T>, object: T, subresource = ''): Promise<T> {
    const store = this.registry.storeOf(type);
    const { namespace = '', name = '' } = object.metadata;
    const { object: changed } = await update(store, { namespace, name, subresource, createsMissing: false, compute: () => this.own(store, type, object) }, own);
    return parsed<T>(changed);
  }

  async delete<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string, preconditions?: { readonly uid: string }): Promise<void> {
    await remove(this.registry.storeOf(type), namespace, name, { dryRun: false, asksForCascade: false, ...(preconditions === undefined ? {} : { preconditions }) }, own);
  }

  /** A copy in the form the registry takes: its own, defaulted. */
  private own<T extends KubeObject>(store: ResourceStore, type: ResourceType<T>, object: T): KubeObject {
    const version = store.definition.storageVersion;
    if (type.version !== version) throw new Error(`${type.resource} are written as ${apiVersionOf({ group: type.group, version })}, not ${apiVersionOf(type)}`);
    const copy: KubeObject = structuredClone(object);
    applyDefaults(copy, type);
    return copy;
  }
}

function parsed<T extends KubeObject>(object: Cached): T {
  return object.parse() as T;
}
