/** Where what is proxied stands: seen from the backend, and seen from the client. */
export interface ProxiedPlace {
  /** Host and port of the backend, and the `Host` that the client asked for. */
  readonly hosts: readonly string[];
  /** The client's path up to where the backend's begins: `/api/v1/namespaces/a/services/b/proxy`. */
  readonly prefix: string;
}

const ABSOLUTE = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/([^/?#]*)(.*)$/s;

/** A link of a proxied page or a redirection, as it must be for the client to come back here. Mirrors upstream's proxy transport. */
export function rewriteLink(link: string, { hosts, prefix }: ProxiedPlace): string {
  const [, host, behind] = ABSOLUTE.exec(link) ?? [];
  if (host !== undefined && !hosts.includes(host)) return link;
  const path = behind ?? link;
  if (!path.startsWith('/')) return link;
  return path === prefix || path.startsWith(`${prefix}/`) ? path : prefix + path;
}

/** Attributes that hold links, by the tag that has them. */
const LINKS = new Map<string, ReadonlySet<string>>(Object.entries({
  a: ['href'], applet: ['codebase'], area: ['href'], audio: ['src'], base: ['href'], blockquote: ['cite'], body: ['background'], button: ['formaction'],
  command: ['icon'], del: ['cite'], embed: ['src'], form: ['action'], frame: ['longdesc', 'src'], head: ['profile'], html: ['manifest'],
  iframe: ['longdesc', 'src'], img: ['longdesc', 'src', 'usemap'], input: ['formaction', 'src', 'usemap'], ins: ['cite'], link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'], q: ['cite'], script: ['src'], source: ['src'], video: ['poster', 'src'],
}).map(([tag, attributes]) => [tag, new Set(attributes)]));

export function holdsLink(tag: string, attribute: string): boolean {
  return LINKS.get(tag.toLowerCase())?.has(attribute.toLowerCase()) ?? false;
}
