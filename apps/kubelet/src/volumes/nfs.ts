import { type corev1 } from '@navarch/api';

export interface MountArguments {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** How an nfs volume is mounted. */
export function nfsMount({ server, path }: corev1.NFSVolumeSource, readOnly: boolean, mountOptions: readonly string[]): MountArguments {
  const host = server.includes(':') && !server.startsWith('[') ? `[${server}]` : server;
  return { type: 'nfs', source: `${host}:${path}`, options: [...(readOnly ? ['ro'] : []), ...mountOptions.filter((option) => option !== 'ro')] };
}
