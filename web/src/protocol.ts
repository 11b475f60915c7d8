// The shapes of docs/protocol.md, as this page reads them. A field the server may leave out is optional.

export interface Percentiles {
  p50?: number;
  p95?: number;
  p99?: number;
  count?: number;
}

/** How many calls kept an SLO. */
export interface SloTotals {
  name: string;
  good: number;
  bad: number;
  attainment?: number;
  goodput?: number;
}

/** Numbers of some calls; totals since the system was made, seconds and USD. What is not known is absent, never 0. */
export interface CallTotals {
  total_requests: number;
  successful_requests: number;
  failed_requests: number;
  cancelled_requests: number;
  active_requests?: number;
  /** Sums over the calls that reported usage, or have a known cost; absent when there are calls and none of them did. */
  total_input_tokens?: number;
  total_output_tokens?: number;
  total_cost?: number;
  /** Successful calls that the sums above, or the latencies, leave out. */
  usage_missing_requests?: number;
  unpriced_requests?: number;
  latency_missing_requests?: number;
  requests_per_second?: number;
  input_tokens_per_second?: number;
  output_tokens_per_second?: number;
  cost_per_hour?: number;
  error_rate?: number;
  avg_latency?: number;
  latency?: Percentiles;
  time_to_first_token?: Percentiles;
  inter_token_latency?: Percentiles;
  errors?: Record<string, number>;
  slos?: SloTotals[];
}

export type ProviderHealth = 'healthy' | 'degraded' | 'unavailable' | 'rate_limited';

export interface ProviderTotals extends CallTotals {
  provider: string;
  status: ProviderHealth;
}

/** What a provider last told of its limits. */
export interface RateLimits {
  requests_limit?: number;
  requests_remaining?: number;
  tokens_limit?: number;
  tokens_remaining?: number;
  reset_at?: string;
}

export interface ModelTotals extends CallTotals {
  provider: string;
  model: string;
  rate_limits?: RateLimits;
}

export interface Benchmark {
  benchmark_id: string;
  name: string;
  state: 'running' | 'stalled' | 'completed';
  /** 0: unknown. */
  total_examples: number;
  completed_examples: number;
  failed_examples: number;
  progress_percent?: number;
  current_provider?: string;
  eta_seconds?: number;
  examples_per_second?: number;
  elapsed_seconds: number;
  idle_seconds: number;
  cost?: number;
  projected_cost?: number;
  unpriced_requests?: number;
  started_at: string;
}

export interface Overview {
  epoch: string;
  version: string;
  timestamp: string;
  uptime_seconds: number;
  last_event_id: string;
  totals: CallTotals;
  providers: ProviderTotals[];
  models: ModelTotals[];
  benchmarks: Benchmark[];
}

export interface MonitoringEvent {
  event_type: string;
  timestamp: string;
  id: string;
  payload: { type: string; data: Record<string, unknown> };
}

export interface EventsPage {
  epoch: string;
  last_event_id: string;
  skipped: number;
  events: MonitoringEvent[];
}

export type SeriesPoint = [milliseconds: number, value: number | null];

export interface SeriesReply {
  from: number;
  to: number;
  step: number;
  series: { metric: string; provider?: string; model?: string; points: SeriesPoint[] }[];
}

/** A bound that calls should keep, in seconds; for all calls unless it names provider or model. */
export interface Slo {
  name: string;
  provider?: string;
  model?: string;
  latency?: number;
  time_to_first_token?: number;
  time_per_output_token?: number;
}

/** The protocol that this page speaks. */
export const kProtocol = 1;

export interface PageConfig {
  websocket_url?: string;
  protocol?: number;
  version?: string;
  slos?: Slo[];
}

export interface ConnectedData {
  client_id: string;
  protocol: number;
  last_event_id: string;
  epoch: string;
  resumed?: boolean;
}

/** What arrives over the socket; a type this page does not know is passed over. */
export type ServerMessage =
  | { type: 'Connected'; data: ConnectedData }
  | { type: 'Event'; data: MonitoringEvent }
  | { type: 'Stats'; data: Overview }
  | { type: 'Lagged'; data: { skipped: number } }
  | { type: 'Error'; data: { message: string } };
