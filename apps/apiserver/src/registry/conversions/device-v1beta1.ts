import { defaultsFor, type KubeObject, type resourcev1, type resourcev1beta1 } from '@navarch/api';
import type { DirectConversion } from '../served-resource';

type OldRequest = resourcev1beta1.DeviceRequest;
type NewRequest = resourcev1.DeviceRequest;

/** v1beta1 has the fields of a request for one kind of device in the request itself. */
function exactRequest({ name, firstAvailable, ...exactly }: OldRequest): NewRequest {
  const rest = firstAvailable === undefined ? { name } : { name, firstAvailable };
  // Who says nothing leaves all to the alternatives.
  return Object.keys(exactly).length === 0 ? rest : { ...rest, exactly: exactly as NonNullable<NewRequest['exactly']> };
}

const flatRequest = ({ exactly, ...rest }: NewRequest): OldRequest => ({ ...rest, ...exactly });

/** Both versions of a claim's spec, as far as they differ. */
interface ClaimSpec { devices?: { requests?: unknown[] } }

function convertRequests(spec: ClaimSpec | undefined, convert: (request: never) => unknown): void {
  const devices = spec?.devices;
  if (devices?.requests) devices.requests = devices.requests.map((request) => convert(request as never));
}

type Claim = KubeObject & { spec?: ClaimSpec };
type Template = KubeObject & { spec?: { spec?: ClaimSpec } };
type Slice<D> = KubeObject & { spec?: { devices?: D[] } };

function claim(convert: (request: never) => unknown): (object: KubeObject) => KubeObject {
  return (object) => {
    convertRequests((object as Claim).spec, convert);
    return object;
  };
}

function template(convert: (request: never) => unknown): (object: KubeObject) => KubeObject {
  return (object) => {
    convertRequests((object as Template).spec?.spec, convert);
    return object;
  };
}

function slice<From, To>(convert: (device: From) => To): (object: KubeObject) => KubeObject {
  return (object) => {
    const { spec } = object as Slice<unknown>;
    if (spec?.devices) spec.devices = spec.devices.map((device) => convert(device as From));
    return object;
  };
}

/** What the stored version fills in is known by its own fields only. */
const defaulted = (kind: string, object: KubeObject): KubeObject => {
  defaultsFor('resource.k8s.io', 'v1', kind)?.(object);
  return object;
};

/** resource.k8s.io/v1beta1 as upstream maps it onto v1, by resource; other resources are the same in both. */
export const deviceConversions: Readonly<Record<string, DirectConversion>> = {
  resourceclaims: { toStorage: (object) => defaulted('ResourceClaim', claim(exactRequest)(object)), fromStorage: claim(flatRequest) },
  resourceclaimtemplates: { toStorage: (object) => defaulted('ResourceClaimTemplate', template(exactRequest)(object)), fromStorage: template(flatRequest) },
  resourceslices: {
    toStorage: slice(({ name, basic }: resourcev1beta1.Device): resourcev1.Device => ({ name, ...basic })),
    fromStorage: slice(({ name, ...basic }: resourcev1.Device): resourcev1beta1.Device => ({ name, basic })),
  },
};
