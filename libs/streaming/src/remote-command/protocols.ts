/** Protocols of exec and attach, best first, by their upstream names. */
export const V5 = 'v5.channel.k8s.io';
export const V4 = 'v4.channel.k8s.io';
export const V3 = 'v3.channel.k8s.io';
export const V2 = 'v2.channel.k8s.io';
export const V1 = 'channel.k8s.io';
export const V4_BASE64 = 'v4.base64.channel.k8s.io';
export const V1_BASE64 = 'base64.channel.k8s.io';

export const SPDY_COMMAND_PROTOCOLS = [V5, V4, V3, V2, V1] as const;
/** The empty one is for clients that name none. */
export const WEBSOCKET_COMMAND_PROTOCOLS = [V5, V4, V4_BASE64, V1, V1_BASE64, ''] as const;

/** From v4 on the error stream carries a Status instead of text. */
export const sendsStatus = (protocol: string): boolean => [V5, V4, V4_BASE64].includes(protocol);
/** From v3 on there is a stream for the terminal's size. */
export const hasResize = (protocol: string): boolean => [V5, V4, V3, V4_BASE64].includes(protocol);

/** What each channel of a WebSocket is. */
export const Channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
