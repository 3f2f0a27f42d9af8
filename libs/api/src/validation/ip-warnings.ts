import { type FieldPath } from '@navarch/apimachinery';
import { formatIp, parseCidr, parseIp } from './ip-address';

const notStandard = (what: string, text: string, better: string): string =>
  `non-standard ${what} ${JSON.stringify(text)} is invalid: use ${JSON.stringify(better)}`;
const notCanonical = (what: string, text: string, better: string): string => `IPv6 ${what} ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(better)})`;

/** Of a valid address that should be written otherwise. Mirrors GetWarningsForIP of apimachinery. */
export function ipWarnings(text: string, path: FieldPath): string[] {
  const ip = parseIp(text);
  if (ip === undefined) return [];
  if (ip.padded || ip.mapped) return [`${path.toString()}: ${notStandard('IP address', text, ip.text)}`];
  return ip.family === 'IPv6' && ip.text !== text ? [`${path.toString()}: ${notCanonical('address', text, ip.text)}`] : [];
}

/** Of a valid range that should be written otherwise. Mirrors GetWarningsForCIDR of apimachinery. */
export function cidrWarnings(text: string, path: FieldPath): string[] {
  const cidr = parseCidr(text);
  if (cidr === undefined) return [];
  const { ip, network } = cidr;
  const found: string[] = [];
  if (formatIp(network) !== ip.text) {
    const alone = `${ip.text}/${ip.bytes.length * 8}`;
    found.push(`${path.toString()}: CIDR value ${JSON.stringify(text)} is ambiguous in this context (should be ${JSON.stringify(cidr.text)} or ${JSON.stringify(alone)}?)`);
  }
  if (cidr.padded || ip.mapped) found.push(`${path.toString()}: ${notStandard('CIDR value', text, cidr.text)}`);
  if (found.length === 0 && ip.family === 'IPv6' && cidr.text !== text) found.push(`${path.toString()}: ${notCanonical('CIDR value', text, cidr.text)}`);
  return found;
}
