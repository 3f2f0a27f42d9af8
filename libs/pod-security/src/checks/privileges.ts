import { containersNamed, containersThat, exceptUserNamespaces, exceptWindows, type PodCheck, quoted, setters, sorted, type Control } from '../check';

export const privileged: Control = {
  id: 'privileged', level: 'baseline',
  versions: [{
    since: 0,
    check({ spec }) {
      const names = containersThat(spec, ({ securityContext }) => securityContext?.privileged === true);
      return names.length === 0 ? undefined : { reason: 'privileged', detail: `${containersNamed(names)} must not set securityContext.privileged=true` };
    },
  }],
};

const escalation: PodCheck = ({ spec }) => {
  const names = containersThat(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  return names.length === 0 ? undefined : { reason: 'allowPrivilegeEscalation != false', detail: `${containersNamed(names)} must set securityContext.allowPrivilegeEscalation=false` };
};

export const allowPrivilegeEscalation: Control = {
  id: 'allowPrivilegeEscalation', level: 'restricted',
  versions: [{ since: 8, check: escalation }, { since: 25, check: exceptWindows(escalation) }],
};

/** What container runtimes give by default. */
const defaultCapabilities = ['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'];

export const capabilitiesBaseline: Control = {
  id: 'capabilities_baseline', level: 'baseline',
  versions: [{
    since: 0,
    check({ spec }) {
      const added = new Set<string>();
      const names = containersThat(spec, ({ securityContext }) => {
        const more = (securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.includes(name));
        for (const name of more) added.add(name);
        return more.length > 0;
      });
      return names.length === 0 ? undefined : { reason: 'non-default capabilities', detail: `${containersNamed(names)} must not include ${quoted(sorted(added))} in securityContext.capabilities.add` };
    },
  }],
};

const dropsAll: PodCheck = ({ spec }) => {
  const added = new Set<string>();
  const keeping = containersThat(spec, ({ securityContext }) => securityContext?.capabilities?.drop?.includes('ALL') !== true);
  const adding = containersThat(spec, ({ securityContext }) => {
    const more = (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
    for (const name of more) added.add(name);
    return more.length > 0;
  });
  const details = [
    ...(keeping.length > 0 ? [`${containersNamed(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0 ? [`${containersNamed(adding)} must not include ${quoted(sorted(added))} in securityContext.capabilities.add`] : []),
  ];
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

export const capabilitiesRestricted: Control = {
  id: 'capabilities_restricted', level: 'restricted', replaces: 'capabilities_baseline',
  versions: [{ since: 22, check: dropsAll }, { since: 25, check: exceptWindows(dropsAll) }],
};

const nonRoot: PodCheck = ({ spec }) => {
  const ofPod = spec.securityContext?.runAsNonRoot;
  const who = setters(ofPod === false, containersThat(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false));
  if (who !== '') return { reason: 'runAsNonRoot != true', detail: `${who} must not set securityContext.runAsNonRoot=false` };
  const silent = ofPod === true ? [] : containersThat(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  return silent.length === 0 ? undefined : { reason: 'runAsNonRoot != true', detail: `pod or ${containersNamed(silent)} must set securityContext.runAsNonRoot=true` };
};

export const runAsNonRoot: Control = {
  id: 'runAsNonRoot', level: 'restricted',
  versions: [{ since: 0, check: nonRoot }, { since: 35, check: exceptUserNamespaces(nonRoot) }],
};

const notUserZero: PodCheck = ({ spec }) => {
  const who = setters(spec.securityContext?.runAsUser === 0, containersThat(spec, ({ securityContext }) => securityContext?.runAsUser === 0));
  return who === '' ? undefined : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
};

export const runAsUser: Control = {
  id: 'runAsUser', level: 'restricted',
  versions: [{ since: 23, check: notUserZero }, { since: 35, check: exceptUserNamespaces(notUserZero) }],
};
