// The text of --help.

#include "options.hpp"

#include "dataset.hpp"

namespace llm_benchmark {

std::string usage(const std::filesystem::path& default_dataset) {
  return R"(llm_benchmark asks language models the questions of a data set, scores the answers,
and lets you watch: Prometheus metrics, an event stream and a live dashboard.

usage: llm_benchmark [flags]

What is asked
  --dataset FILE      JSON Lines, a JSON array, .csv or .tsv in one of the shapes listed below
                      default: )" +
         default_dataset.string() + R"(
  --requests N        end after N requests (default: go round the data set until Ctrl-C)
  --duration SECONDS  start no request after this time
  --concurrency N     requests in flight at most (default 8; with --rate: what the rate needs)
  --rate R            open loop: R requests per second on average, whether or not earlier ones are
                      answered; latency counts from when each was due, the wait for a free worker
                      is shown apart as queue time
  --arrival KIND      with --rate: poisson (default) or constant
  --warm-up N         N requests to each target first, unwatched: in no number of any kind, and
                      without influence on the random numbers of the run
  --seed N            another number gives another run of the simulated providers, the arrivals and
                      the jitter of retries, independent of every other number's (default 1)

Who is asked
  --target [NAME=]PROVIDER:MODEL@URL[,key-env=VARIABLE]
                      one model on one server; again for more, side by side. PROVIDER (openai or
                      anthropic: the API it speaks) ends at the first colon, URL begins after the
                      @ before http; between them MODEL may hold : / , and @. NAME is the label `provider`
                      (default: PROVIDER). Keys come from OPENAI_API_KEY or ANTHROPIC_API_KEY if
                      set, or from VARIABLE. Example: vllm=openai:org/model:7b@http://127.0.0.1:8000/v1
  --provider KIND     the short form for one server: openai or anthropic, with these three
                      (default: simulated, three invented providers without network or key)
  --base-url URL      the server, such as http://127.0.0.1:8000/v1 or https://api.openai.com/v1; a
                      query is kept (Azure's ?api-version=...), user:password@ goes into a header
  --model NAME        the model; several with commas, or give the flag again
  --api-key-env NAME  environment variable that holds the key
  --stream            stream the answers: time to first token is measured
  --no-stream         do not (default: simulated providers stream, others do not)
  --retries N         attempts after a failed one (rate_limit, overloaded, server_error, network, or
                      timeout, and no content yet), with growing waits and Retry-After (default 2;
                      simulated 0)
  --timeout SECONDS   for one whole attempt (default 60)
  --first-byte-timeout SECONDS
                      for an attempt to get the first byte of its answer (default: as --timeout)
  --max-tokens N      longest answer, in tokens (default: the server's; Anthropic: 1024)
  --temperature T     0 to 2 (default: the server's)
  --ca-file FILE      https: trust the certificates in FILE (PEM) beside those of the system

What is made of it
  --prices FILE       prices for calls whose cost the server does not tell: our JSON or LiteLLM's;
                      builtin: a small table of well-known models
  --slo NAME:latency=2s,ttft=500ms,tpot=50ms[,provider=NAME][,model=NAME]
                      count the calls that keep these bounds (one or more of the three); repeatable
  --budget USD        alert at 80 % and 100 % of it; nothing is stopped

What comes out
  --stay              keep metrics, events and dashboard up after the run, until Ctrl-C
  --quiet             no progress line
  --json FILE         write the summary as JSON too
  --help              this text

Shapes of a data set, an entry each; id is optional, other fields are ignored
)" + std::string(known_shapes()) +
         R"(
Each number of the summary follows from the event stream; examples/README.md says how.
The monitoring is set by LTB_ variables, such as LTB_DASHBOARD_PORT=3001 (0 picks a free port).
Exit code: 0 done or stopped, 1 no request succeeded, 2 wrong flag, variable or data set, 3 a listener cannot start.
)";
}

}  // namespace llm_benchmark
