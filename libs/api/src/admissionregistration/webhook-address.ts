import { dns1123SubdomainMessages, fieldErrors, type FieldPath, portNumberMessages } from '@navarch/apimachinery';
import type { admissionregistrationv1 } from '../gen';
import { type Loose } from '../support/loose';
import { type Findings, present } from '../validation/rules';

// Mirrors staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go.

const form = '; desired format: https://host[/path]';

/** The parts of a URL as they are written (RFC 3986, appendix B): Node's own parser repairs what is missing. */
const parts = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/;

function validateUrl(url: string, path: FieldPath, found: Findings): void {
  const [matches, scheme = '', authority = '', query = '', fragment = ''] = parts.exec(url) ?? [];
  const [, user, host = ''] = /^(?:(.*)@)?(.*)$/.exec(authority) ?? [];
  if (matches === undefined || (host !== '' && !URL.canParse(url))) {
    found.push(fieldErrors.required(path, `url must be a valid URL${form}`));
    return;
  }
  if (scheme.toLowerCase() !== 'https') found.push(fieldErrors.invalid(path, scheme, `'https' is the only allowed URL scheme${form}`));
  if (host === '') found.push(fieldErrors.invalid(path, host, `host must be specified${form}`));
  if (user !== undefined) found.push(fieldErrors.invalid(path, user, 'user information is not permitted in the URL'));
  if (fragment !== '') found.push(fieldErrors.invalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') found.push(fieldErrors.invalid(path, query, 'query parameters are not permitted in the URL'));
}

function validatePath(text: string, path: FieldPath, found: Findings): void {
  if (text === '' || text === '/') return;
  const refuse = (detail: string): void => void found.push(fieldErrors.invalid(path, text, detail));
  if (text === '//') {
    refuse('segment[0] may not be empty');
    return;
  }
  if (!text.startsWith('/')) refuse("must start with a '/'");
  text.slice(1).replace(/\/$/, '').split('/').forEach((segment, i) => {
    if (segment === '') refuse(`segment[${i}] may not be empty`);
    else for (const message of dns1123SubdomainMessages(segment)) refuse(`segment[${i}]: ${message}`);
  });
}

/** Where a webhook is reached: by URL, or through a Service. */
export function validateWebhookAddress(config: Loose<admissionregistrationv1.WebhookClientConfig> | undefined, path: FieldPath, found: Findings): void {
  const { url, service } = config ?? {};
  if ((url === undefined) === (service === undefined)) found.push(fieldErrors.required(path, 'exactly one of url or service is required'));
  else if (url !== undefined) validateUrl(url, path.child('url'), found);
  else if (service) {
    const at = path.child('service');
    present(service.name, at.child('name'), found);
    present(service.namespace, at.child('namespace'), found);
    const wrong = service.port === undefined ? [] : portNumberMessages(service.port);
    if (wrong.length > 0) found.push(fieldErrors.invalid(at.child('port'), service.port, `port is not valid: ${wrong.join(', ')}`));
    if (service.path !== undefined) validatePath(service.path, at.child('path'), found);
  }
}
