import type { corev1 } from '@navarch/api';
import { containersNamed, containersOf, containersThat, plural, quoted, setters, sorted, type Control } from '../check';

export const hostNamespaces: Control = {
  id: 'hostNamespaces', level: 'baseline',
  versions: [{
    since: 0,
    check({ spec }) {
      const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true).map((field) => `${field}=true`);
      return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.join(', ') };
    },
  }],
};

export const hostPathVolumes: Control = {
  id: 'hostPathVolumes', level: 'baseline',
  versions: [{
    since: 0,
    check({ spec }) {
      const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
      return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: `${plural(names.length, 'volume', 'volumes')} ${quoted(names)}` };
    },
  }],
};

export const hostPorts: Control = {
  id: 'hostPorts', level: 'baseline',
  versions: [{
    since: 0,
    check({ spec }) {
      const ports = new Set<string>();
      const names = containersThat(spec, (container) => {
        const own = (container.ports ?? []).filter(({ hostPort = 0 }) => hostPort !== 0);
        for (const { hostPort } of own) ports.add(String(hostPort));
        return own.length > 0;
      });
      if (names.length === 0) return undefined;
      return { reason: 'hostPort', detail: `${containersNamed(names)} ${plural(names.length, 'uses', 'use')} ${plural(ports.size, 'hostPort', 'hostPorts')} ${sorted(ports).join(', ')}` };
    },
  }],
};

/** A probe or hook with a host of its own asks others than the pod, with the node's reach. */
function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: corev1.Container | corev1.EphemeralContainer): string[] {
  const hosts: string[] = [];
  for (const handler of [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop]) {
    if (handler?.httpGet?.host) hosts.push(handler.httpGet.host);
    if (handler?.tcpSocket?.host) hosts.push(handler.tcpSocket.host);
  }
  return hosts;
}

export const hostProbes: Control = {
  id: 'hostProbesAndHostLifecycle', level: 'baseline',
  versions: [{
    since: 34,
    check({ spec }) {
      const names = sorted(containersThat(spec, (container) => hostsOf(container).length > 0));
      if (names.length === 0) return undefined;
      const hosts = sorted(containersOf(spec).flatMap(hostsOf));
      return {
        reason: 'probe or lifecycle host',
        detail: `${containersNamed(names)} ${plural(names.length, 'uses', 'use')} ${plural(hosts.length, 'probe or lifecycle host', 'probe or lifecycle hosts')} ${quoted(hosts)}`,
      };
    },
  }],
};

export const windowsHostProcess: Control = {
  id: 'windowsHostProcess', level: 'baseline',
  versions: [{
    since: 0,
    check({ spec }) {
      const who = setters(spec.securityContext?.windowsOptions?.hostProcess === true, containersThat(spec, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true));
      return who === '' ? undefined : { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` };
    },
  }],
};
