import { networkInterfaces } from 'node:os';

/** Wildcards name no address that others could dial. */
const WILDCARDS = new Set(['', '0.0.0.0', '::']);

/** The address under which others reach this server: as told, else the one it listens on, else the host's first outside address. */
export function advertiseAddress(told: string | undefined, bindAddress: string): string {
  if (told !== undefined && told !== '') return told;
  if (!WILDCARDS.has(bindAddress)) return bindAddress;
  for (const addresses of Object.values(networkInterfaces()))
    for (const { family, internal, address } of addresses ?? []) if (family === 'IPv4' && !internal) return address;
  return '127.0.0.1';
}

/** Addresses that endpoints may not have: a pod would reach itself. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
