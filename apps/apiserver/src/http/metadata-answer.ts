import type { Cached } from '../registry/resource-store';

type MetaVersion = 'v1' | 'v1beta1';

const heads: Readonly<Record<MetaVersion, Buffer>> = {
  v1: Buffer.from('{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":'),
  v1beta1: Buffer.from('{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1beta1","metadata":'),
};
const TAIL = Buffer.from('}');

/** An object's metadata and nothing else: a slice of its bytes. */
export function metadataBytes(object: Cached, version: MetaVersion): Buffer {
  return object.represent(`metadata:${version}`, () => Buffer.concat([heads[version], object.metadataBytes, TAIL]));
}
