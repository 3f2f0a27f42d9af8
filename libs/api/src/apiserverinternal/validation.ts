import { dns1035LabelMessages, dns1123SubdomainMessages, emptyMessage, fieldErrors, FieldPath, labelKeyMessages, regexMessage } from '@navarch/apimachinery';
import type { apiserverinternalv1alpha1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, present, refuse } from '../validation/rules';

type StorageVersion = Loose<apiserverinternalv1alpha1.StorageVersion>;
type Status = Loose<apiserverinternalv1alpha1.StorageVersionStatus>;
type ServerVersion = Loose<apiserverinternalv1alpha1.ServerStorageVersion>;

const statusPath = FieldPath.of('status');
const labelMessage = regexMessage(
  "a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  'my-name',
  'abc-123',
);

/** `<group>.<resource>`. */
function nameMessages(name: string): string[] {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return ['name must be in the form of <group>.<resource>'];
  return [
    ...dns1123SubdomainMessages(name.slice(0, dot)).map((message) => `the group segment ${message}`),
    ...dns1035LabelMessages(name.slice(dot + 1)).map((message) => `the resource segment ${message}`),
  ];
}

const part = (name: string, text: string, messages: (text: string) => string[]): string[] => (text === '' ? [emptyMessage] : messages(text)).map((message) => `${name} part: ${message}`);

/** `[group/]version`. */
function apiVersionMessages(apiVersion: string): string[] {
  const parts = apiVersion.split('/');
  if (parts.length > 2) return [`an apiVersion is ${labelMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')`];
  const version = part('version', parts.at(-1) ?? '', dns1035LabelMessages);
  return parts.length === 1 ? version : [...part('group', parts[0] ?? '', dns1123SubdomainMessages), ...version];
}

function validateServer({ apiServerID = '', encodingVersion = '', decodableVersions }: ServerVersion, path: FieldPath, found: Findings): void {
  refuse(dns1123SubdomainMessages(apiServerID), apiServerID, path.child('apiServerID'), found);
  const checked = (version: string, at: FieldPath): void => {
    const messages = apiVersionMessages(version);
    if (messages.length > 0) found.push(fieldErrors.invalid(at, version, messages.join(',')));
  };
  checked(encodingVersion, path.child('encodingVersion'));
  const at = path.child('decodableVersions');
  list(decodableVersions).forEach((version, i) => {
    checked(version, at.index(i));
  });
  if (!list(decodableVersions).includes(encodingVersion)) found.push(fieldErrors.invalid(at, decodableVersions ?? null, `decodableVersions must include encodingVersion ${encodingVersion}`));
}

/** The version that all servers write, if they agree. */
function validateCommon({ storageVersions, commonEncodingVersion: given }: Status, found: Findings): void {
  const versions = new Set(list(storageVersions).map(({ encodingVersion = '' }) => encodingVersion));
  const [common] = versions.size === 1 ? [...versions] : [];
  if (common === given) return;
  const detail = common === undefined
    ? 'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet'
    : `the ${given === undefined ? '' : 'actual '}common encoding version is ${common}`;
  found.push(fieldErrors.invalid(statusPath.child('commonEncodingVersion'), given ?? null, detail));
}

/** Upstream's paths: of conditions without their field, and a wrong status is shown by the type. */
function validateConditions({ conditions }: Status, found: Findings): void {
  const types = list(conditions).map(({ type = '' }) => type);
  list(conditions).forEach(({ type = '', status = '', reason, message }, i) => {
    const at = statusPath.index(i);
    const first = types.lastIndexOf(type, i - 1);
    if (i > 0 && first >= 0) found.push(fieldErrors.invalid(at.child('type'), type, `the type of the condition is not unique, it also appears in conditions[${first}]`));
    refuse(labelKeyMessages(type), type, at.child('type'), found);
    refuse(labelKeyMessages(status), type, at.child('status'), found);
    present(reason, at.child('reason'), found, 'reason cannot be empty');
    present(message, at.child('message'), found, 'message cannot be empty');
  });
}

function validateStatus({ status = {} }: StorageVersion): Findings {
  const found: Findings = [];
  list(status.storageVersions).forEach((server, i) => validateServer(server, statusPath.child('storageVersions').index(i), found));
  validateCommon(status, found);
  validateConditions(status, found);
  return found;
}

/** By `<group>/<kind>`. Mirrors pkg/apis/apiserverinternal/validation. */
export const apiserverinternalValidation: Readonly<Record<string, ContentRules>> = {
  'internal.apiserver.k8s.io/StorageVersion': contentRules<StorageVersion>({
    name: nameMessages,
    content: (version, old) => (old === undefined ? validateStatus(version) : []),
    status: validateStatus,
  }),
};
