/** Header names are lower-case; a name may have several values. */
export type SpdyHeaders = ReadonlyMap<string, readonly string[]>;

export const RstStatus = {
  PROTOCOL_ERROR: 1,
  INVALID_STREAM: 2,
  REFUSED_STREAM: 3,
  UNSUPPORTED_VERSION: 4,
  CANCEL: 5,
  INTERNAL_ERROR: 6,
  FLOW_CONTROL_ERROR: 7,
  STREAM_IN_USE: 8,
  STREAM_ALREADY_CLOSED: 9,
  FRAME_TOO_LARGE: 11,
} as const;

export const GoAwayStatus = { OK: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2 } as const;

/** The setting that changes how much may be sent on a new stream before its receiver has read any of it. */
export const SETTINGS_INITIAL_WINDOW_SIZE = 7;

/** What a frame's type number is. */
export const FrameType = { SYN_STREAM: 1, SYN_REPLY: 2, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, HEADERS: 8, WINDOW_UPDATE: 9 } as const;

export const SPDY_VERSION = 3;
export const FLAG_FIN = 1;
export const FLAG_UNIDIRECTIONAL = 2;
export const FLAG_CLEAR_SETTINGS = 1;
export const MAX_STREAM_ID = 0x7fffffff;

export interface Setting {
  readonly id: number;
  readonly flags: number;
  readonly value: number;
}

/** One frame of SPDY/3.1. A large data frame may be decoded as several, the last of which carries `fin`. */
export type SpdyFrame =
  | {
      readonly type: 'synStream';
      readonly streamId: number;
      readonly associatedTo: number;
      readonly priority: number;
      readonly fin: boolean;
      readonly unidirectional: boolean;
      readonly headers: SpdyHeaders;
    }
  | { readonly type: 'synReply'; readonly streamId: number; readonly fin: boolean; readonly headers: SpdyHeaders }
  | { readonly type: 'headers'; readonly streamId: number; readonly fin: boolean; readonly headers: SpdyHeaders }
  | { readonly type: 'rstStream'; readonly streamId: number; readonly status: number }
  | { readonly type: 'settings'; readonly clear: boolean; readonly settings: readonly Setting[] }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway'; readonly lastStreamId: number; readonly status: number }
  | { readonly type: 'windowUpdate'; readonly streamId: number; readonly delta: number }
  | { readonly type: 'data'; readonly streamId: number; readonly fin: boolean; readonly data: Buffer };

/** The peer broke the protocol: the connection cannot go on. */
export class SpdyProtocolError extends Error {
  override readonly name = 'SpdyProtocolError';
}
