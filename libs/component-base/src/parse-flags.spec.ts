import { defineFlags } from './flag-table';
import { describeFlags, FlagError, givenWithoutEffect, parseFlags, redactConfig } from './parse-flags';

const flags = defineFlags({
  'etcd-servers': { type: 'list', help: 'etcd members.' },
  'node-monitor-grace-period': { type: 'duration', default: '50s', help: 'Silence before a node is unknown.' },
  'proxy-mode': { type: 'string', default: 'nftables', choices: ['nftables', 'iptables'], help: 'Back end.' },
  'node-labels': { type: 'map', help: 'Labels.' },
  'leader-elect': { type: 'boolean', default: 'true', help: 'Elect a leader.' },
  'secure-port': { type: 'number', default: '10259', help: 'Port.' },
  'hostname-override': { type: 'string', help: 'Name.' },
  token: { type: 'string', secret: true, help: 'Token.' },
  v: { type: 'number', default: '0', help: 'Verbosity.' },
});

const parse = (argv: string[], env: Record<string, string> = {}): ReturnType<typeof parseFlags<typeof flags>> => parseFlags(flags, argv, env);

describe('parseFlags', () => {
  it('takes what a configuration file says where neither the command line nor the environment says anything', () => {
    const settings = { 'proxy-mode': 'iptables', 'secure-port': '1', 'leader-elect': 'false', 'hostname-override': 'filed' };
    expect(parseFlags(flags, ['--secure-port=3'], { NAVARCH_HOSTNAME_OVERRIDE: 'told' }, settings)).toMatchObject({ proxyMode: 'iptables', securePort: 3, leaderElect: false, hostnameOverride: 'told', v: 0 });
    expect(() => parseFlags(flags, [], {}, { 'proxy-mode': 'odd' })).toThrow('invalid argument "odd" for --proxy-mode as configured: must be one of nftables, iptables');
  });

  it('names the flags that are given and change nothing', () => {
    const some = defineFlags({ a: { type: 'string', withoutEffect: true, help: 'A.' }, b: { type: 'boolean', withoutEffect: true, help: 'B.' }, c: { type: 'list', withoutEffect: true, help: 'C.' }, d: { type: 'string', help: 'D.' } });
    const told = (...argv: string[]): string[] => givenWithoutEffect(some, parseFlags(some, argv, {}));
    expect([told(), told('--b=false', '--d=1'), told('--a=1', '--b', '--c=1')]).toEqual([[], [], ['--a', '--b', '--c']]);
  });

  it('yields typed, frozen defaults', () => {
    const config = parse([]);
    const leaderElect: boolean = config.leaderElect;
    const override: string | undefined = config.hostnameOverride;
    expect([leaderElect, override]).toEqual([true, undefined]);
    expect(config).toMatchObject({ etcdServers: [], nodeMonitorGracePeriod: 50_000, proxyMode: 'nftables', nodeLabels: {}, securePort: 10259 });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes = and separate values, switches, -v, underscores, and adds up lists and maps', () => {
    const argv = ['--etcd-servers=http://a,http://b', '--etcd_servers', 'http://c', '--node-labels', 'a=1,b=x=y', '--node-labels=c=', '--leader-elect=false', '-v=4', '--proxy-mode', 'iptables'];
    expect(parse(argv)).toMatchObject({
      etcdServers: ['http://a', 'http://b', 'http://c'],
      nodeLabels: { a: '1', b: 'x=y', c: '' },
      leaderElect: false,
      v: 4,
      proxyMode: 'iptables',
    });
    expect(parse(['--leader-elect']).leaderElect).toBe(true);
  });

  it('keeps texts whole, one for each time they are given', () => {
    const some = defineFlags({ pair: { type: 'texts', help: 'Pairs.' } });
    expect(parseFlags(some, ['--pair=a,b:c', '--pair', 'd,e'], {})).toEqual({ pair: ['a,b:c', 'd,e'] });
    expect(parseFlags(some, [], {})).toEqual({ pair: [] });
  });

  it('prefers the flag over the environment over the default', () => {
    const env = { NAVARCH_SECURE_PORT: '1', NAVARCH_NODE_MONITOR_GRACE_PERIOD: '1m30s' };
    expect(parse(['--secure-port=2'], env)).toMatchObject({ securePort: 2, nodeMonitorGracePeriod: 90_000 });
  });

  it.each([
    [['--no-such'], 'unknown flag: --no-such'],
    [['--no-such=x'], 'unknown flag: --no-such'],
    [['-secure-port=1'], 'unknown flag: -secure-port'],
    [['--__proto__=x'], 'unknown argument: "--__proto__=x"'],
    [['--constructor=x'], 'unknown flag: --constructor'],
    [['up'], 'unknown argument: "up"'],
    [['--secure-port'], 'flag needs an argument: --secure-port'],
    [['--secure-port=http'], 'invalid argument "http" for --secure-port: not a number'],
    [['--leader-elect=maybe'], 'invalid argument "maybe" for --leader-elect: must be true or false'],
    [['--node-monitor-grace-period=40'], 'invalid argument "40" for --node-monitor-grace-period: not a duration such as 40s or 1m30s'],
    [['--proxy-mode=ipvs'], 'invalid argument "ipvs" for --proxy-mode: must be one of nftables, iptables'],
    [['--node-labels=a'], 'invalid argument "a" for --node-labels: must be key=value'],
  ])('refuses %j', (argv, message) => {
    expect(() => parse(argv)).toThrow(new FlagError(message));
  });

  it('asks for required flags by both names', () => {
    const required = defineFlags({ 'api-server': { type: 'string', required: true, help: 'Address.' } });
    expect(() => parseFlags(required, [], {})).toThrow('required flag "api-server" not set (or NAVARCH_API_SERVER)');
    const value: string = parseFlags(required, [], { NAVARCH_API_SERVER: 'x' }).apiServer;
    expect(value).toBe('x');
  });

  it('hides secrets and shows the rest by flag name', () => {
    const shown = redactConfig(flags, parse(['--token=abc', '--hostname-override=n1']));
    expect(shown).toMatchObject({ token: '[redacted]', 'hostname-override': 'n1' });
    expect(describeFlags(flags)).toContain('--proxy-mode string\n        Back end. (one of nftables, iptables; default nftables)');
  });
});
