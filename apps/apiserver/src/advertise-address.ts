import { hostAddress, hostPort } from '@navarch/component-base';

/** Wildcards name no address that others could dial. */
const WILDCARDS = new Set(['', '0.0.0.0', '::']);

/** The address under which others reach this server: as told, else the one it listens on, else that of the host. */
export function advertiseAddress(told: string | undefined, bindAddress: string): string {
  if (told !== undefined && told !== '') return told;
  if (!WILDCARDS.has(bindAddress)) return bindAddress;
  return hostAddress() ?? '127.0.0.1';
}

/** `host:port` of what clients outside reach: the name as given where it has a port, else with this server's. */
export const externalAddress = (name: string, port: number): string => (/^[^:]+:\d+$|\]:\d+$/.test(name) ? name : hostPort(name, port));

/** Addresses that endpoints may not have: a pod would reach itself. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
