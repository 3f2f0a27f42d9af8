import { defineFlags } from '../flag-table';
import { parseFlags } from '../parse-flags';
import { flagTexts } from './flag-texts';
import { zPageForm } from './zpage-form';
import { ZPages, zPageHeaders } from './zpages';

const startedMs = Date.UTC(2026, 6, 5, 6, 14, 2);
const warning = 'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';

function pages(random = 0): ZPages {
  return new ZPages({ component: 'kube-scheduler', startedMs, flags: { v: '0', 'leader-elect': 'true' } }, { clock: { now: () => startedMs + 3_723_999 }, random: () => random });
}

describe('ZPages', () => {
  it('tells people what runs, since when, and where there is more', () => {
    const { status, contentType, body } = pages().statusz(undefined, ['/readyz', '/metrics', '/metrics/slis', '/apis', '/apis/apps', '/openapi/v2', '/']);
    expect([status, contentType]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(body).toBe(`\nkube-scheduler statusz\n${warning}\n\nStarted: Sun Jul  5 06:14:02 UTC 2026\nUp: 1 hr 02 min 03 sec\nGo version: node ${process.version}\nBinary version: 1.36.0\nEmulation version: 1.36\nPaths: /metrics /readyz\n`);
    expect(pages().statusz('*/*', []).body).not.toContain('Paths');
  });

  it('tells people the flags, with no delimiter to rely on', () => {
    expect(pages().flagz('text/plain').body).toBe(`\nkube-scheduler flagz\n${warning}\nleader-elect:true\nv:0\n`);
    expect(pages(0.99).flagz('text/plain').body).toBe(`\nkube-scheduler flagz\n${warning}\nleader-elect true\nv 0\n`);
  });

  it('tells programs the same as objects of the version that they ask for', () => {
    const json = pages().statusz('application/json;g=config.k8s.io;v=v1beta1;as=Statusz', ['/livez/ping']);
    expect(json).toMatchObject({ status: 200, contentType: 'application/json' });
    expect(JSON.parse(json.body)).toEqual({
      kind: 'Statusz', apiVersion: 'config.k8s.io/v1beta1', metadata: { name: 'kube-scheduler' }, startTime: '2026-07-05T06:14:02Z', uptimeSeconds: 3723,
      goVersion: `node ${process.version}`, binaryVersion: '1.36.0', emulationVersion: '1.36', paths: ['/livez'],
    });
    expect(pages().flagz('application/yaml;as=Flagz;v=v1beta1;g=config.k8s.io')).toEqual({
      status: 200, contentType: 'application/yaml',
      body: 'apiVersion: config.k8s.io/v1beta1\nflags:\n  leader-elect: "true"\n  v: "0"\nkind: Flagz\nmetadata:\n  name: kube-scheduler\n',
    });
  });

  it.each([['v1alpha1', 'This version of the flagz endpoint is deprecated. Please use a newer version.'], ['v1beta1', undefined]])('of %s warns: %s', (version, warning) => {
    const page = pages().flagz(`application/json;v=${version};g=config.k8s.io;as=Flagz`);
    expect(page.warning).toBe(warning);
    expect(zPageHeaders(page)['Warning']).toBe(warning && `299 - "${warning}"`);
  });

  it('says what it could have been asked for', () => {
    const { status, body } = pages().flagz('application/xml');
    expect([status, JSON.parse(body)]).toMatchObject([406, { kind: 'Status', reason: 'NotAcceptable', code: 406, message: 'only the following media types are accepted: application/json, application/yaml, text/plain' }]);
  });
});

describe('zPageForm', () => {
  it.each([
    [undefined, 'text'], [' ', 'text'], ['*/*', 'text'], ['text/*', 'text'], ['text/plain;charset=utf-8', 'text'],
    ['application/json', undefined], ['application/json;v=v1beta1;g=config.k8s.io', undefined], ['application/json;v=v1;g=config.k8s.io;as=Flagz', undefined],
    ['application/json;v=v1beta1;g=meta.k8s.io;as=Flagz', undefined], ['application/json;v=v1beta1;g=config.k8s.io;as=Statusz', undefined],
    ['text/plain;v=v1beta1;g=config.k8s.io;as=Flagz', undefined], ['application/cbor;v=v1beta1;g=config.k8s.io;as=Flagz', undefined],
    ['application/*;v=v1beta1;g=config.k8s.io;as=Flagz', 'json'], ['application/json;v=foo;g=config.k8s.io;as=Flagz,*/*', 'text'],
    ['*/*,application/json;v=v1beta1;g=config.k8s.io;as=Flagz', 'json'], ['application/json;v=v1beta1;g=config.k8s.io;as=Flagz;q=0.1,application/yaml;v=v1beta1;g=config.k8s.io;as=Flagz', 'yaml'],
    ['text/plain;q=0,application/json', undefined],
  ])('of %s is %s', (accept, format) => {
    expect(zPageForm(accept, 'Flagz')?.format).toBe(format);
  });
});

it('writes the values of flags as Go does, and no secrets', () => {
  const flags = defineFlags({
    'node-labels': { type: 'map', help: '' }, 'feature-list': { type: 'list', help: '' }, period: { type: 'duration', default: '1m30s', help: '' }, wait: { type: 'duration', help: '' }, port: { type: 'number', help: '' },
    'leader-elect': { type: 'boolean', help: '' }, name: { type: 'string', help: '' }, token: { type: 'string', secret: true, help: '' },
  });
  const given = parseFlags(flags, ['--node-labels=b=2,a=1', '--feature-list=x,y', '--token=abc'], {});
  expect(flagTexts(flags, given)).toEqual({ 'node-labels': 'a=1,b=2', 'feature-list': '[x,y]', period: '1m30s', wait: '0s', port: '0', 'leader-elect': 'false', name: '', token: 'CLASSIFIED' });
});
