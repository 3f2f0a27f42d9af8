import { readFileSync } from 'node:fs';
import { clusterConnection, clusterFlags, KeptObjects } from '@navarch/client';
import { defineFlags, healthzFlags, healthzServing, runProcess } from '@navarch/component-base';
import { AnswerCache } from './answer-cache';
import { ClusterRecords } from './cluster-records';
import { InformerView } from './cluster-view';
import { DnsMetrics } from './dns-metrics';
import { DnsServer } from './dns-server';
import { dnsObjects } from './dns-service';
import { Forwarder } from './forwarder';
import { Resolver } from './resolver';
import { nameservers } from './nameservers';
import { parseStubDomains, parseUpstream, Upstreams } from './upstreams';

const flags = defineFlags({
  ...clusterFlags,
  ...healthzFlags('10054'),
  'bind-address': { type: 'string', default: '0.0.0.0', help: 'Address to answer on.' },
  port: { type: 'number', default: '10053', help: 'Port to answer on, UDP and TCP.' },
  'advertise-address': { type: 'string', required: true, help: 'Address by which nodes reach this server.' },
  'cluster-ip': { type: 'string', default: '10.96.0.10', help: 'Cluster IP of the Service kube-dns.' },
  'cluster-domain': { type: 'string', default: 'cluster.local', help: 'Domain of the cluster\'s names.' },
  'resolv-conf': { type: 'string', default: '/etc/resolv.conf', help: 'Where the servers for all other names are read from.' },
  upstream: { type: 'list', help: 'Servers for all other names, instead of those of --resolv-conf.' },
  'stub-domains': { type: 'map', help: 'Domains with servers of their own: corp.example=10.0.0.1+10.0.0.2,...' },
  'cache-size': { type: 'number', default: '10000', help: 'Answers of other servers that are kept.' },
});

const ttlSeconds = 30;
const negativeTtlSeconds = 5;

void runProcess({
  name: 'dns',
  flags,
  health: healthzServing,
  main: (context) => {
    const { config, clock, log, registry, health, signal } = context;
    const connection = clusterConnection(config, context);
    const servers = config.upstream.length > 0 ? config.upstream : nameservers(readFileSync(config.resolvConf, 'utf8'), [config.bindAddress, config.clusterIp]);
    const metrics = new DnsMetrics(registry);
    const view = new InformerView(connection.informers, { clock, onProgrammed: (took) => metrics.programmed(took) });
    const cache = new AnswerCache({ size: config.cacheSize, maxTtlSeconds: 3_600, maxNegativeTtlSeconds: 1_800 }, clock, (type) => metrics.evicted(type));
    metrics.watchCache(registry, () => cache.entries);
    const forwarder = new Forwarder({ timeoutMs: 2_000 }, { upstreams: new Upstreams(servers.map(parseUpstream), parseStubDomains(config.stubDomains), clock), cache, metrics });
    const records = new ClusterRecords({ domain: config.clusterDomain, ttlSeconds, serverAddress: config.clusterIp }, view);
    const resolver = new Resolver({ negativeTtlSeconds }, { records, forwarder });
    const server = new DnsServer({ address: config.bindAddress, port: config.port }, { resolver, metrics, log, random: Math.random, version: () => view.version });
    const service = new KeptObjects(dnsObjects({ clusterIp: config.clusterIp, address: config.advertiseAddress, port: config.port }), { client: connection.client, clock, log });
    health.addReady('kube-dns-service', () => {
      if (!service.ready) throw new Error('the Service kube-dns is not registered yet');
    });
    // Answering "no such name" before the cluster is known would be remembered by clients.
    const known = { name: 'cluster-view', start: () => view.waitForSync(signal), stop: () => Promise.resolve() };
    return [connection, known, server, service];
  },
});
