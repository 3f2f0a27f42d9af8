import { fieldErrors, FieldPath, type FieldError } from '@navarch/apimachinery';
import { contains, dynamicOffset, formatIPv4, type IpRange, parseIPv4, wandering } from './ip-range';
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
  readonly addresses: IpRange;
  readonly nodePorts: PortRange;
  readonly random: (bound: number) => number;
}

const spec = FieldPath.of('spec');

function chooseAddress({ addresses: range, random }: ChooseOptions, taken: Taken): string | undefined {
  const offset = dynamicOffset(range.size, 16, 16, 256);
  const first = range.base + 1;
  const end = range.base + range.size - 1;
  for (const [from, to] of [[first + offset, end], [first, first + offset]] as const)
    for (const value of wandering(from, Math.min(to, end), random)) {
      const text = formatIPv4(value);
      if (!taken.address(text)) return text;
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
    const asked = fields.clusterIP ?? '';
    if (asked === '') {
      const chosen = chooseAddress(options, { ...taken, address: addressTaken });
      if (chosen === undefined) errors.push(fieldErrors.invalid(spec.child('clusterIPs'), [''], 'failed to allocate a serviceIP: range is full'));
      else {
        fields.clusterIP = chosen;
        fields.clusterIPs = [chosen];
      }
    } else {
      fields.clusterIPs ??= [asked];
      const value = parseIPv4(asked);
      if (value === undefined || !contains(options.addresses, value))
        errors.push(fieldErrors.invalid(spec.child('clusterIPs'), fields.clusterIPs, `failed to allocate IP ${asked}: the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${options.addresses.cidr}`));
      else if (addressTaken(asked)) errors.push(fieldErrors.invalid(spec.child('clusterIPs'), fields.clusterIPs, `failed to allocate IP ${asked}: provided IP is already allocated`));
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
