/** The life of a process: flags, logging, metrics, health, components, leader election. */
export { slices, type SliceOptions } from '@navarch/clock';
export { commonFlags, healthzFlags, healthzServing, leaderElection, leaderElectionFlags, secureServing, secureServingFlags } from './common-flags';
export { ComponentGroup, type Component } from './component';
export { EventLoopMonitor } from './event-loop-monitor';
export { defineFlags, type Config, type FlagSpec, type FlagTable } from './flag-table';
export { HealthChecks, type HealthCheck, type HealthEndpoint, type HealthReport } from './health-checks';
export { HealthServer, type HealthServerDeps, type HealthServerOptions } from './health-server';
export { LeaderElector, type LeaderElectorDeps, type LeaderElectorOptions, type LeaseClient } from './leader-election';
export { leading } from './leading';
export { type LeaderElectionTimes } from './leader-lease';
export { createLogger, levelOfVerbosity, silentLogger, type Logger, type LoggerOptions, type LogLevel } from './logger';
export { createRegistry, GIT_VERSION } from './metrics';
export { parseDuration } from './parse-duration';
export { describeFlags, FlagError, parseFlags, redactConfig } from './parse-flags';
export { type ProcessHost } from './process-host';
export { runProcess, type ProcessContext, type ProcessDefinition } from './run-process';
export { TlsFiles, type TlsFileNames } from './tls-files';
export { createWorkQueueMetrics } from './work-queue-metrics';
