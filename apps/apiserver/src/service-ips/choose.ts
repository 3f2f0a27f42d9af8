import { fieldErrors, FieldPath, type FieldError } from '@navarch/apimachinery';
import { addressIn, contains, dynamicOffset, type ServiceRange, wandering } from './ip-range';
import { claimsOf, nodePortKey, type ServiceObject, wantsAddress, wantsHealthCheckPort, wantsNodePorts } from './service-claims';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Reads `30000-32767`. @throws for anything else */
export function parsePortRange(text: string): PortRange {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || first < 1 || last > 65535 || first > last) throw new Error(`--service-node-port-range: "${text}" is not a range of ports`);
  return { first, last };
}

/** What is taken, as far as this server knows. */
export interface Taken {
  address(address: string): boolean;
  nodePort(key: string): boolean;
}

export interface ChooseOptions {
  /** Those of a family are tried in order; the first of all is the default family's. */
  readonly addresses: readonly ServiceRange[];
  readonly nodePorts: PortRange;
  readonly random: (bound: number) => number;
}

const spec = FieldPath.of('spec');

function chooseAddress(ranges: readonly ServiceRange[], random: ChooseOptions['random'], isTaken: (address: string) => boolean): string | undefined {
  for (const range of ranges) {
    const found = chooseFrom(range, random, isTaken);
    if (found !== undefined) return found;
  }
  return undefined;
}

function chooseFrom(range: ServiceRange, random: ChooseOptions['random'], isTaken: (address: string) => boolean): string | undefined {
  const offset = dynamicOffset(range.size, 16, 16, 256);
  // The network's own address is nobody's, nor is the last one in IPv4.
  const end = range.family === 'IPv4' ? range.size - 1 : range.size;
  for (const [from, to] of [[1 + offset, end], [1, 1 + offset]] as const)
    for (const place of wandering(from, Math.min(to, end), random)) {
      const text = addressIn(range, place);
      if (!isTaken(text)) return text;
    }
  return undefined;
}

function chooseNodePort({ nodePorts: { first, last }, random }: ChooseOptions, taken: (port: number) => boolean): number | undefined {
  const offset = dynamicOffset(last - first + 3, 16, 32, 128);
  for (const [from, to] of [[first + offset, last + 1], [first, first + offset]] as const)
    for (const port of wandering(from, Math.min(to, last + 1), random)) if (!taken(port)) return port;
  return undefined;
}

/**
 * Chooses what the Service leaves open, and checks what it asks for. Changes the Service. `held` is what it has already: its own
 * claims are no hindrance.
 */
export function chooseForService(service: ServiceObject, held: ServiceObject | undefined, options: ChooseOptions, taken: Taken): FieldError[] {
  const errors: FieldError[] = [];
  const fields = service.spec;
  if (!fields) return errors;
  const own = held ? claimsOf(held) : { addresses: new Set<string>(), nodePorts: new Set<string>() };
  const addressTaken = (address: string): boolean => !own.addresses.has(address) && taken.address(address);

  if (wantsAddress(service)) {
    const asked = (fields.clusterIPs ?? []).length > 0 ? (fields.clusterIPs ?? []) : [fields.clusterIP ?? ''];
    const families = fields.ipFamilies ?? [];
    const chosen = Array.from({ length: Math.max(families.length, 1) }, (_, i) => {
      const ranges = options.addresses.filter(({ family }) => family === (families[i] ?? options.addresses[0]?.family));
      const address = asked[i] ?? '';
      const refuse = (why: string): string => {
        errors.push(fieldErrors.invalid(spec.child('clusterIPs'), address === '' ? [''] : asked, why));
        return address;
      };
      // Told of by who settles families.
      if (ranges.length === 0) return address;
      if (address === '') return chooseAddress(ranges, options.random, addressTaken) ?? refuse('failed to allocate a serviceIP: range is full');
      if (own.addresses.has(address)) return address;
      if (!ranges.some((range) => contains(range, address))) return refuse(`failed to allocate IP ${address}: the provided network does not match the current range`);
      return addressTaken(address) ? refuse(`failed to allocate IP ${address}: provided IP is already allocated`) : address;
    });
    if (errors.length === 0) {
      fields.clusterIPs = chosen;
      fields.clusterIP = chosen[0] ?? '';
    }
  } else if (fields.clusterIP === 'None') fields.clusterIPs = ['None'];

  errors.push(...choosePorts(service, own.nodePorts, options, taken));
  return errors;
}

function choosePorts(service: ServiceObject, own: ReadonlySet<string>, options: ChooseOptions, taken: Taken): FieldError[] {
  const errors: FieldError[] = [];
  const fields = service.spec;
  if (!fields) return errors;
  const { first, last } = options.nodePorts;
  const mine = new Set<string>();
  const free = (protocol: string | undefined, port: number): boolean => {
    const key = nodePortKey(protocol, port);
    return !mine.has(key) && (own.has(key) || !taken.nodePort(key));
  };
  const check = (path: FieldPath, protocol: string | undefined, port: number): void => {
    if (port < first || port > last) errors.push(fieldErrors.invalid(path, port, `provided port is not in the valid range. The range of valid ports is ${first}-${last}`));
    else if (!free(protocol, port)) errors.push(fieldErrors.invalid(path, port, 'provided port is already allocated'));
    mine.add(nodePortKey(protocol, port));
  };
  const ports = wantsNodePorts(service) ? (fields.ports ?? []) : [];
  ports.forEach(({ nodePort, protocol }, i) => {
    if (nodePort) check(spec.child('ports').index(i).child('nodePort'), protocol, nodePort);
  });
  ports.forEach((port, i) => {
    if (port.nodePort) return;
    // One number for TCP and UDP of the same port, where that is possible.
    const twin = ports.find((other) => other !== port && other.port === port.port && other.nodePort && free(port.protocol, other.nodePort))?.nodePort;
    const chosen = twin ?? chooseNodePort(options, (number) => !free(port.protocol, number));
    if (chosen === undefined) errors.push(fieldErrors.internal(spec.child('ports').index(i).child('nodePort'), 'failed to allocate a nodePort: range is full'));
    else {
      port.nodePort = chosen;
      mine.add(nodePortKey(port.protocol, chosen));
    }
  });
  if (wantsHealthCheckPort(service)) {
    if (fields.healthCheckNodePort) check(spec.child('healthCheckNodePort'), 'TCP', fields.healthCheckNodePort);
    else {
      const chosen = chooseNodePort(options, (number) => !free('TCP', number));
      if (chosen !== undefined) fields.healthCheckNodePort = chosen;
    }
  }
  return errors;
}
