import { goQuote } from '@navarch/apimachinery';
import { containersNamed, containersOf, containersThat, exceptWindows, type PodCheck, plural, quoted, setters, sorted, type Control } from '../check';

const confined = (type: string): boolean => type === 'Localhost' || type === 'RuntimeDefault';

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const appArmorAnnotation = (value: string): boolean => value === '' || value === 'runtime/default' || value.startsWith('localhost/');

export const appArmorProfile: Control = {
  id: 'appArmorProfile', level: 'baseline',
  versions: [{
    since: 0,
    check({ metadata, spec }) {
      const types = new Set<string>();
      const isBad = (profile: { type: string } | undefined): boolean => {
        if (profile === undefined || confined(profile.type)) return false;
        types.add(profile.type);
        return true;
      };
      const who = setters(isBad(spec.securityContext?.appArmorProfile), containersThat(spec, ({ securityContext }) => isBad(securityContext?.appArmorProfile)));
      const annotations = sorted(
        Object.entries(metadata.annotations ?? {})
          .filter(([key, value]) => key.startsWith(appArmorPrefix) && !appArmorAnnotation(value))
          .map(([key, value]) => `${key}=${goQuote(value)}`),
      );
      const all = [...(who === '' ? [] : [who]), ...(annotations.length > 0 ? [plural(annotations.length, 'annotation', 'annotations')] : [])];
      if (all.length === 0) return undefined;
      const values = [...sorted(types), ...annotations];
      return { reason: plural(values.length, 'forbidden AppArmor profile', 'forbidden AppArmor profiles'), detail: `${all.join(' and ')} must not set AppArmor profile type to ${quoted(values)}` };
    },
  }],
};

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';
const seccompAnnotation = (value: string): boolean => value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');

/** Before there were fields for it. */
const seccompByAnnotation: PodCheck = ({ metadata, spec }) => {
  const keys = [seccompPod, ...containersOf(spec).map(({ name }) => `${seccompContainer}${name}`)];
  const bad = sorted(keys.flatMap((key) => {
    const value = metadata.annotations?.[key];
    return value === undefined || seccompAnnotation(value) ? [] : [`${key}=${goQuote(value)}`];
  }));
  return bad.length === 0 ? undefined : { reason: 'seccompProfile', detail: `forbidden ${plural(bad.length, 'annotation', 'annotations')} ${bad.join(', ')}` };
};

const seccompNotUnconfined: PodCheck = ({ spec }) => {
  const types = new Set<string>();
  const isBad = (profile: { type: string } | undefined): boolean => {
    if (profile === undefined || confined(profile.type)) return false;
    types.add(profile.type);
    return true;
  };
  const who = setters(isBad(spec.securityContext?.seccompProfile), containersThat(spec, ({ securityContext }) => isBad(securityContext?.seccompProfile)));
  return who === '' ? undefined : { reason: 'seccompProfile', detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(sorted(types))}` };
};

export const seccompBaseline: Control = {
  id: 'seccompProfile_baseline', level: 'baseline',
  versions: [{ since: 0, check: seccompByAnnotation }, { since: 19, check: seccompNotUnconfined }],
};

const seccompSet: PodCheck = (pod) => {
  const bad = seccompNotUnconfined(pod);
  if (bad) return bad;
  const { spec } = pod;
  const silent = spec.securityContext?.seccompProfile ? [] : containersThat(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  return silent.length === 0 ? undefined : { reason: 'seccompProfile', detail: `pod or ${containersNamed(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` };
};

export const seccompRestricted: Control = {
  id: 'seccompProfile_restricted', level: 'restricted', replaces: 'seccompProfile_baseline',
  versions: [{ since: 19, check: seccompSet }, { since: 25, check: exceptWindows(seccompSet) }],
};
