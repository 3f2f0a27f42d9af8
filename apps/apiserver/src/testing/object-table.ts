import type { KubeObject, ResourceType } from '@navarch/api';
import { alreadyExists, notFound } from '@navarch/apimachinery';
import type { ObjectChange, ObjectReader, ObjectWriter } from '../pipeline';

type Type = ResourceType<KubeObject>;

interface Row {
  readonly type: Type;
  readonly object: KubeObject;
}

const keyOf = ({ group, resource }: Type, namespace: string, name: string): string => `${group}/${resource}/${namespace}/${name}`;

/** Objects in memory, for what reads and writes them through the pipeline's interfaces. */
export class ObjectTable implements ObjectReader {
  /** How often somebody asked for fresh data. */
  refreshes = 0;
  /** What becomes visible at the next refresh: as if another apiserver had written it. */
  readonly late: (() => void)[] = [];
  readonly #rows = new Map<string, Row>();
  readonly #handlers = new Map<string, ((change: ObjectChange<KubeObject>) => void)[]>();
  #version = 0;

  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T | undefined {
    return this.#rows.get(keyOf(type, namespace, name))?.object as T | undefined;
  }

  list<T extends KubeObject>({ group, resource }: ResourceType<T>, namespace = ''): T[] {
    const rows = [...this.#rows.values()].filter(({ type }) => type.group === group && type.resource === resource);
    return rows.map(({ object }) => object as T).filter((object) => namespace === '' || object.metadata.namespace === namespace);
  }

  onChange<T extends KubeObject>({ group, resource }: ResourceType<T>, handler: (change: ObjectChange<T>) => void): () => void {
    const handlers = this.#handlers.get(`${group}/${resource}`) ?? [];
    this.#handlers.set(`${group}/${resource}`, handlers);
    const added = handler as (change: ObjectChange<KubeObject>) => void;
    handlers.push(added);
    return () => void handlers.splice(handlers.indexOf(added), 1);
  }

  refresh(): Promise<void> {
    this.refreshes++;
    for (const appear of this.late.splice(0)) appear();
    return Promise.resolve();
  }

  put<T extends KubeObject>(type: ResourceType<T>, ...objects: T[]): this {
    for (const object of objects) {
      const { namespace = '', name = '' } = object.metadata;
      this.#rows.set(keyOf(type, namespace, name), { type, object });
      this.#tell(type, 'put', object);
    }
    return this;
  }

  remove<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): void {
    const key = keyOf(type, namespace, name);
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#rows.delete(key);
    this.#tell(type, 'delete', row.object);
  }

  /** The same objects as the registry's writer shows them. */
  get writer(): ObjectWriter {
    return {
      get: (type, namespace, name) => Promise.resolve(this.get(type, namespace, name)),
      create: (type, object) => {
        const { namespace = '', name = '' } = object.metadata;
        if (this.get(type, namespace, name) !== undefined) return Promise.reject(alreadyExists(type, name));
        this.put(type, object);
        return Promise.resolve(object);
      },
      update: (type, object) => {
        this.put(type, object);
        return Promise.resolve(object);
      },
      delete: (type, namespace, name) => {
        if (this.get(type, namespace, name) === undefined) return Promise.reject(notFound(type, name));
        this.remove(type, namespace, name);
        return Promise.resolve();
      },
    };
  }

  #tell({ group, resource }: Type, type: 'put' | 'delete', object: KubeObject): void {
    const { spec } = object as { spec?: { nodeName?: string } };
    const change = { type, object, uid: object.metadata.uid ?? '', node: spec?.nodeName, resourceVersion: ++this.#version };
    for (const handler of this.#handlers.get(`${group}/${resource}`) ?? []) handler(change);
  }
}
