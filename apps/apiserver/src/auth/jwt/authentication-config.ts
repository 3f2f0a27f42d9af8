import { dns1123SubdomainMessages, goQuote } from '@navarch/apimachinery';
import { configOfKind } from '../../config-file/config-kind';
import type { Fields } from '../../config-file/strict-fields';
import { compileIssuer, type CompiledIssuer } from './compiled-issuer';
import { ALGORITHMS, type ClaimOrExpression, type ClaimRule, type JwtIssuer } from './jwt-issuer';

/** What an AuthenticationConfiguration says: apiserver.config.k8s.io/v1. */
export interface AuthenticationConfig {
  readonly issuers: readonly CompiledIssuer[];
  /** Who shows no credentials; undefined: `--anonymous-auth` decides. */
  readonly anonymous: { readonly enabled: boolean; /** Empty: everywhere. */ readonly paths: readonly string[] } | undefined;
}

const invalid = (path: string, value: string, why: string): Error => new Error(`${path}: Invalid value: ${goQuote(value)}: ${why}`);
const duplicate = (path: string, value: string): Error => new Error(`${path}: Duplicate value: ${goQuote(value)}`);

/** @throws for a URL that could mean something else to whoever reads it */
function checkUrl(text: string, path: string): void {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(path, text, 'must be a URL'); // which is all there is to say
  }
  if (url.protocol !== 'https:') throw invalid(path, text, 'URL scheme must be https');
  if (url.username !== '' || url.password !== '') throw invalid(path, text, 'URL must not contain a username or password');
  if (text.includes('?')) throw invalid(path, text, 'URL must not contain a query');
  if (text.includes('#')) throw invalid(path, text, 'URL must not contain a fragment');
}

function requireUnique(values: readonly string[], pathOf: (index: number) => string): void {
  values.forEach((value, index) => {
    if (values.indexOf(value) < index) throw duplicate(pathOf(index), value);
  });
}

function claimOrExpression(fields: Fields, withPrefix: boolean): ClaimOrExpression {
  fields.only('claim', 'expression', ...(withPrefix ? ['prefix'] : []));
  const [claim, expression, prefix] = [fields.optionalText('claim') ?? '', fields.optionalText('expression') ?? '', withPrefix ? fields.optionalText('prefix') : ''];
  if (claim !== '' && expression !== '') throw new Error(`${fields.path}: Invalid value: "": claim and expression can't both be set`);
  if (expression !== '') {
    if (withPrefix && prefix !== undefined) throw invalid(`${fields.path}.prefix`, prefix, 'prefix can\'t be set when expression is set');
    return { expression };
  }
  if (claim === '') throw new Error(`${fields.path}: Required value: claim or expression is required`);
  if (prefix === undefined) throw new Error(`${fields.path}.prefix: Required value: prefix is required when claim is set. It can be set to an empty string to disable prefixing`);
  return { claim, prefix };
}

/** The same of what a user may be without: nothing is asked for, then. */
function optionalMapping(mappings: Fields, name: 'groups' | 'uid'): ClaimOrExpression | undefined {
  const fields = mappings.object(name);
  fields.only('claim', 'expression', ...(name === 'groups' ? ['prefix'] : []));
  const isAsked = (['claim', 'expression'] as const).some((field) => (fields.optionalText(field) ?? '') !== '');
  return isAsked ? claimOrExpression(fields, name === 'groups') : undefined;
}

function claimRule(fields: Fields): ClaimRule {
  fields.only('claim', 'requiredValue', 'expression', 'message');
  const [claim = '', requiredValue = '', expression = '', message = ''] = (['claim', 'requiredValue', 'expression', 'message'] as const).map((name) => fields.optionalText(name));
  if (claim !== '' && expression !== '') throw new Error(`${fields.path}: Invalid value: ${goQuote(claim)}: claim and expression can't both be set`);
  if (claim === '' && expression === '') throw new Error(`${fields.path}: Required value: claim or expression is required`);
  if (claim !== '' && message !== '') throw invalid(`${fields.path}.message`, message, 'message can\'t be set when claim is set');
  if (expression !== '' && requiredValue !== '') throw invalid(`${fields.path}.requiredValue`, requiredValue, 'requiredValue can\'t be set when expression is set');
  return claim !== '' ? { claim, requiredValue } : { expression, message };
}

const reservedDomain = (domain: string): boolean => ['k8s.io', 'kubernetes.io'].some((reserved) => domain === reserved || domain.endsWith(`.${reserved}`));

function extraMapping(fields: Fields): JwtIssuer['extra'][number] {
  fields.only('key', 'valueExpression');
  const [key, expression] = [fields.text('key'), fields.text('valueExpression')];
  const [domain = '', ...rest] = key.split('/');
  const path = `${fields.path}.key`;
  if (rest.join('/') === '' || dns1123SubdomainMessages(domain).length > 0) throw invalid(path, key, 'must be a domain-prefixed path (such as "acme.io/foo")');
  if (key !== key.toLowerCase()) throw invalid(path, key, 'key must be lowercase');
  if (reservedDomain(domain)) throw invalid(path, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use');
  return { key, expression };
}

/** Whom tokens may be for. */
function audiencesOf(issuer: Fields): string[] {
  const path = `${issuer.path}.audiences`;
  if (!issuer.has('audiences') || issuer.optionalTexts('audiences').length === 0) throw new Error(`${path}: Required value: at least one ${path} is required`);
  const audiences = issuer.texts('audiences');
  requireUnique(audiences, (index) => `${path}[${index}]`);
  const policy = issuer.optionalText('audienceMatchPolicy') ?? '';
  const wanted = audiences.length > 1 ? 'MatchAny for multiple audiences' : 'empty or MatchAny for single audience';
  if (policy !== 'MatchAny' && (audiences.length > 1 || policy !== '')) throw invalid(`${issuer.path}.audienceMatchPolicy`, policy, `audienceMatchPolicy must be ${wanted}`);
  return audiences;
}

/** What is empty is as if it was not there, as in Go. */
function textUnlessEmpty(fields: Fields, name: string): string | undefined {
  const text = fields.optionalText(name);
  return text === '' ? undefined : text;
}

function issuerOf(entry: Fields): JwtIssuer {
  entry.only('issuer', 'claimValidationRules', 'claimMappings', 'userValidationRules');
  const issuer = entry.object('issuer');
  issuer.only('url', 'discoveryURL', 'certificateAuthority', 'audiences', 'audienceMatchPolicy', 'egressSelectorType');
  const url = issuer.text('url');
  checkUrl(url, `${issuer.path}.url`);
  const [discoveryUrl, certificateAuthority] = (['discoveryURL', 'certificateAuthority'] as const).map((name) => textUnlessEmpty(issuer, name));
  if (discoveryUrl !== undefined) {
    checkUrl(discoveryUrl, `${issuer.path}.discoveryURL`);
    if (discoveryUrl.replace(/\/$/, '') === url.replace(/\/$/, '')) throw invalid(`${issuer.path}.discoveryURL`, discoveryUrl, 'discoveryURL must be different from URL');
  }
  if (certificateAuthority !== undefined && !certificateAuthority.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Error(`${issuer.path}.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates`);
  }
  const audiences = audiencesOf(issuer);
  // There is one way out of this server, which serves for either.
  const egress = issuer.optionalText('egressSelectorType') ?? '';
  if (!['', 'cluster', 'controlplane'].includes(egress)) throw invalid(`${issuer.path}.egressSelectorType`, egress, 'egress selector must be either controlplane or cluster');
  const mappings = entry.object('claimMappings');
  mappings.only('username', 'groups', 'uid', 'extra');
  const extra = mappings.optionalList('extra').map(extraMapping);
  requireUnique(extra.map(({ key }) => key), (index) => `${mappings.path}.extra[${index}].key`);
  const claimRules = entry.optionalList('claimValidationRules').map(claimRule);
  for (const kind of ['claim', 'expression'] as const) {
    const rules = [...claimRules.entries()].flatMap(([index, rule]) => (kind in rule ? [{ index, text: 'claim' in rule ? rule.claim : rule.expression }] : []));
    requireUnique(rules.map(({ text }) => text), (i) => `${entry.path}.claimValidationRules[${rules[i]?.index ?? 0}].${kind}`);
  }
  const userRules = entry.optionalList('userValidationRules').map((rule) => {
    rule.only('expression', 'message');
    return { expression: rule.text('expression'), message: rule.optionalText('message') ?? '' };
  });
  requireUnique(userRules.map(({ expression }) => expression), (index) => `${entry.path}.userValidationRules[${index}].expression`);
  return {
    url, discoveryUrl, certificateAuthority, audiences, algorithms: ALGORITHMS, claimRules, extra, userRules, uid: optionalMapping(mappings, 'uid'),
    username: claimOrExpression(mappings.object('username'), true), groups: optionalMapping(mappings, 'groups'),
  };
}

function anonymousOf(fields: Fields): NonNullable<AuthenticationConfig['anonymous']> {
  fields.only('enabled', 'conditions');
  const enabled = fields.boolean('enabled', false);
  const paths = fields.optionalList('conditions').map((condition) => {
    condition.only('path');
    return condition.text('path');
  });
  if (!enabled && paths.length > 0) throw new Error(`${fields.path}.conditions: Invalid value: enabled should be set to true when conditions are defined`);
  return { enabled, paths };
}

/** Reads an AuthenticationConfiguration. @param taken issuers of this server's own, whose tokens are not theirs to mint. @throws for what is not one */
export function parseAuthenticationConfig(text: string, taken: readonly string[]): AuthenticationConfig {
  const root = configOfKind(text, 'AuthenticationConfiguration', 'jwt', 'anonymous');
  const issuers = root.optionalList('jwt').map((entry) => {
    const issuer = issuerOf(entry);
    if (taken.includes(issuer.url)) throw invalid(`${entry.path}.issuer.url`, issuer.url, `URL must not overlap with disallowed issuers: [${taken.join(' ')}]`);
    return compileIssuer(issuer, entry.path);
  });
  requireUnique(issuers.map(({ issuer: { url } }) => url), (index) => `jwt[${index}].issuer.url`);
  requireUnique(issuers.flatMap(({ issuer: { discoveryUrl } }) => discoveryUrl ?? []), () => 'jwt[].issuer.discoveryURL');
  return { issuers, anonymous: root.has('anonymous') ? anonymousOf(root.object('anonymous')) : undefined };
}
