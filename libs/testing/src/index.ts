/** For tests only: real etcd and NATS, broken links, objects to test with. */
export { aDeployment, DeploymentBuilder } from './builders/deployment-builder';
export { aNode, NodeBuilder } from './builders/node-builder';
export { ObjectBuilder } from './builders/object-builder';
export { aPod, PodBuilder } from './builders/pod-builder';
export { aService, ServiceBuilder } from './builders/service-builder';
export { bundle } from './bundle';
export { startEtcd, type EtcdOptions, type TestEtcd } from './etcd';
export { eventually, type EventuallyOptions } from './eventually';
export { freePort } from './free-port';
export { KineDouble } from './kine/kine-double';
export { LaunchedProcess } from './launched-process';
export { startNats, startOperatorNats, type TestNats, type TestOperatorNats } from './nats';
export { TcpCutter } from './tcp-cutter';
export { makeTempDir, type TempDir } from './temp-dir';
export { LineProcess } from './network/line-process';
export { addressOf, addressV6Of, nodeAddress, nodeAddressV6, NodeNetwork, type Place, type Target } from './network/node-network';
export { forwardTo, NamespaceProcess } from './network/namespace-process';
