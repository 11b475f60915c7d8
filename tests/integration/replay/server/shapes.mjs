// Replies in the shapes that OpenAI-compatible servers, Anthropic and Google send: whole, streamed, and as errors.
//
// Tokens are given as the library counts them: `input` holds the cached ones, `output` the reasoning ones. Each shape says
// them by its provider's own rule.

const usageOf = {
  openai: (u) => ({
    prompt_tokens: u.input,
    completion_tokens: u.output,
    total_tokens: u.input + u.output,
    prompt_tokens_details: { cached_tokens: u.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: u.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    ...(u.cost === undefined ? {} : { cost: u.cost }), // OpenRouter
  }),
  anthropic: (u) => ({
    input_tokens: u.input - u.cached - (u.cache_written ?? 0),
    cache_creation_input_tokens: u.cache_written ?? 0,
    cache_read_input_tokens: u.cached,
    output_tokens: u.output,
    service_tier: 'standard',
  }),
  google: (u) => ({
    promptTokenCount: u.input,
    ...(u.output - u.reasoning > 0 ? { candidatesTokenCount: u.output - u.reasoning } : {}),
    totalTokenCount: u.input + u.output,
    ...(u.cached > 0 ? { cachedContentTokenCount: u.cached } : {}),
    ...(u.reasoning > 0 ? { thoughtsTokenCount: u.reasoning } : {}),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: u.input }],
  }),
};

const finishOf = {
  openai: { stop: 'stop', length: 'length', content_filter: 'content_filter' },
  anthropic: { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal' },
  google: { stop: 'STOP', length: 'MAX_TOKENS', content_filter: 'SAFETY' },
};

const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value) => `event: ${value.type}\n${data(value)}`;

// Each stream is {before, content, after}: events before the first content, one per piece of content, and after the last.
const streamOf = {
  openai(call) {
    const chunk = (delta, finish_reason = null) => data({
      id: `chatcmpl-${call.id}`, object: 'chat.completion.chunk', created: 1764167000, model: call.model,
      service_tier: 'default', system_fingerprint: 'fp_44709d6fcb',
      choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...(call.wantsUsage ? { usage: null } : {}),
    });
    const after = [chunk({}, finishOf.openai[call.finish])];
    if (call.usage && call.wantsUsage) {
      after.push(data({
        id: `chatcmpl-${call.id}`, object: 'chat.completion.chunk', created: 1764167000, model: call.model, choices: [],
        usage: usageOf.openai(call.usage),
      }));
    }
    after.push('data: [DONE]\n\n');
    return {
      before: [chunk({ role: 'assistant', content: '', refusal: null })],
      content: call.texts.map((content) => chunk({ content })),
      after,
    };
  },
  anthropic(call) {
    const whole = call.usage ? usageOf.anthropic(call.usage) : undefined;
    const start = {
      type: 'message_start',
      message: {
        id: `msg_${call.id}`, type: 'message', role: 'assistant', model: call.model, content: [], stop_reason: null,
        stop_sequence: null, ...(whole ? { usage: { ...whole, output_tokens: 1 } } : {}),
      },
    };
    return {
      before: [
        named(start),
        named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
        named({ type: 'ping' }),
      ],
      content: call.texts.map((text) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
      after: [
        named({ type: 'content_block_stop', index: 0 }),
        named({
          type: 'message_delta', delta: { stop_reason: finishOf.anthropic[call.finish], stop_sequence: null },
          ...(whole ? { usage: { output_tokens: whole.output_tokens } } : {}),
        }),
        named({ type: 'message_stop' }),
      ],
    };
  },
  google(call) {
    const chunk = (text, rest = {}, usage = undefined) => `data: ${JSON.stringify({
      candidates: [{ content: { parts: [{ text }], role: 'model' }, ...rest, index: 0 }],
      ...(usage ? { usageMetadata: usage } : {}), modelVersion: call.model, responseId: `r-${call.id}`,
    })}\r\n\r\n`;
    const early = call.usage && { promptTokenCount: call.usage.input, totalTokenCount: call.usage.input };
    return {
      before: [],
      content: call.texts.map((text) => chunk(text, {}, early)),
      after: [chunk('', { finishReason: finishOf.google[call.finish] }, call.usage && usageOf.google(call.usage))],
    };
  },
};

const wholeOf = {
  openai: (call) => ({
    id: `chatcmpl-${call.id}`, object: 'chat.completion', created: 1764167000, model: call.model,
    choices: [{
      index: 0, message: { role: 'assistant', content: call.texts.join(''), refusal: null, annotations: [] }, logprobs: null,
      finish_reason: finishOf.openai[call.finish],
    }],
    ...(call.usage ? { usage: usageOf.openai(call.usage) } : {}),
  }),
  anthropic: (call) => ({
    id: `msg_${call.id}`, type: 'message', role: 'assistant', model: call.model,
    content: [{ type: 'text', text: call.texts.join('') }], stop_reason: finishOf.anthropic[call.finish], stop_sequence: null,
    ...(call.usage ? { usage: usageOf.anthropic(call.usage) } : {}),
  }),
  google: (call) => ({
    candidates: [{
      content: { parts: [{ text: call.texts.join('') }], role: 'model' }, finishReason: finishOf.google[call.finish], index: 0,
    }],
    ...(call.usage ? { usageMetadata: usageOf.google(call.usage) } : {}), modelVersion: call.model, responseId: `r-${call.id}`,
  }),
};

// What each provider says with a status when the script gives no code of its own.
const usualCodes = {
  openai: {
    400: { type: 'invalid_request_error', code: null }, 401: { type: 'invalid_request_error', code: 'invalid_api_key' },
    402: { type: 'billing_error', code: null }, 403: { type: 'invalid_request_error', code: null },
    404: { type: 'invalid_request_error', code: 'model_not_found' }, 429: { type: 'requests', code: 'rate_limit_exceeded' },
  },
  anthropic: {
    400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error',
    404: 'not_found_error', 413: 'request_too_large', 429: 'rate_limit_error', 500: 'api_error', 504: 'timeout_error',
    529: 'overloaded_error',
  },
  google: {
    400: 'INVALID_ARGUMENT', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 429: 'RESOURCE_EXHAUSTED',
    500: 'INTERNAL', 503: 'UNAVAILABLE', 504: 'DEADLINE_EXCEEDED',
  },
};

const errorOf = {
  openai({ status, type, code, message }) {
    const usual = usualCodes.openai[status] ?? { type: status >= 500 ? 'server_error' : 'invalid_request_error', code: null };
    return { error: { message, type: type ?? usual.type, param: null, code: code === undefined ? usual.code : code } };
  },
  anthropic({ status, type, message, id }) {
    const usual = usualCodes.anthropic[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
    return { type: 'error', error: { type: type ?? usual, message }, request_id: `req_${id}` };
  },
  google({ status, type, code, message }) {
    const usual = usualCodes.google[status] ?? 'UNKNOWN';
    const details = code ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'googleapis.com' }] : [];
    return { error: { code: status, message, status: type ?? usual, details } };
  },
};

/// The api of a path, and whether it asks for a stream; nothing when no provider has such a path.
export function route(path, body) {
  if (path.endsWith('/chat/completions')) return { api: 'openai', stream: body.stream === true, model: body.model };
  if (path.endsWith('/messages')) return { api: 'anthropic', stream: body.stream === true, model: body.model };
  const google = /\/models\/([^/:]+):(generateContent|streamGenerateContent\?alt=sse)$/.exec(path);
  if (google) return { api: 'google', stream: google[2] !== 'generateContent', model: decodeURIComponent(google[1]) };
  return undefined;
}

/// `call`: {id, model, texts, finish, usage (or nothing), wantsUsage}.
export const streamEvents = (api, call) => streamOf[api](call);
export const wholeBody = (api, call) => JSON.stringify(wholeOf[api](call));
export const errorBody = (api, error) => JSON.stringify(errorOf[api](error));
export const errorEvent = (api, error) => (api === 'anthropic' ? named : data)(errorOf[api](error));
