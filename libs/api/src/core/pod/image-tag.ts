const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const domainComponent = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
const reference = new RegExp(
  `^(?:${domain}/)?${pathComponent}(?:/${pathComponent})*(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

/** Tag of an image reference: `latest` if it names neither tag nor digest, empty if it has only a digest or is no reference. */
function imageTag(image: string | undefined): string {
  const match = reference.exec(image ?? '');
  if (match === null) return '';
  const { tag, digest } = match.groups ?? {};
  return tag ?? (digest === undefined ? 'latest' : '');
}

/** The pull policy of an image whose user gave none. */
export function defaultPullPolicy(image: string | undefined): string {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
}
