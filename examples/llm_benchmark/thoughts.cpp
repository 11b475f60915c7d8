// What a reasoning model writes before its answer.

#include "thoughts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace llm_benchmark {
namespace {

struct Tags {
  std::string_view open;  ///< In lower case.
  std::string_view close;
};

constexpr std::array kTags{
    Tags{"<think>", "</think>"},
    Tags{"<thinking>", "</thinking>"},
    Tags{"<thought>", "</thought>"},
    Tags{"<thoughts>", "</thoughts>"},
    Tags{"<reasoning>", "</reasoning>"},
    Tags{"<reason>", "</reason>"},
    Tags{"<reflection>", "</reflection>"},
    Tags{"<scratchpad>", "</scratchpad>"},
    Tags{"<analysis>", "</analysis>"},
    Tags{"<seed:think>", "</seed:think>"},
    Tags{"[think]", "[/think]"},
    Tags{"\u25C1think\u25B7", "\u25C1/think\u25B7"},
    Tags{"<|begin_of_thought|>", "<|end_of_thought|>"},
    Tags{"<|start_thinking|>", "<|end_thinking|>"},
};

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return all;
}

/// The tags that begin at `at`, by either of the pair; nullptr when none does.
const Tags* tags_at(std::string_view text, std::size_t at) {
  const std::string_view here = text.substr(at);
  const auto* found = std::ranges::find_if(kTags, [here](const Tags& tags) {
    return here.starts_with(tags.open) || here.starts_with(tags.close);
  });
  return found == kTags.end() ? nullptr : found;
}

/// The index after the tag that closes what is open at `at`; npos when nothing does.
std::size_t end_of_thought(std::string_view text, std::size_t at, const Tags& tags) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const std::string_view here = text.substr(at);
    if (here.starts_with(tags.open)) {
      ++depth;
      at += tags.open.size();
    } else if (here.starts_with(tags.close)) {
      at += tags.close.size();
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return text.npos;
}

std::string without_tagged(std::string_view answer) {
  const std::string text = lower(answer);
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const Tags* tags = tags_at(text, at);
    if (tags == nullptr) {
      kept += answer[at++];
    } else if (std::string_view(text).substr(at).starts_with(tags->close)) {
      kept.clear();  // The opening tag was part of the prompt.
      at += tags->close.size();
    } else {
      at = end_of_thought(text, at, *tags);
    }
  }
  return kept;
}

/// The last `final` message of gpt-oss; empty without one.
std::string_view final_channel(std::string_view answer) {
  constexpr std::string_view kFinal = "<|channel|>final";
  constexpr std::string_view kMessage = "<|message|>";
  const std::size_t channel = answer.rfind(kFinal);
  if (channel == answer.npos) return {};
  const std::size_t message = answer.find(kMessage, channel);
  if (message == answer.npos) return {};
  answer.remove_prefix(message + kMessage.size());
  return answer.substr(0, answer.find("<|"));
}

/// The same where the server omitted the special tokens: "analysisWe need ...assistantfinalB".
std::string_view after_bare_channels(std::string_view answer) {
  constexpr std::string_view kAnalysis = "analysis";
  constexpr std::string_view kFinal = "assistantfinal";
  if (!answer.starts_with(kAnalysis) || answer.size() == kAnalysis.size()) return answer;
  const std::size_t last = answer.rfind(kFinal);
  if (last != answer.npos) return answer.substr(last + kFinal.size());
  const char next = answer[kAnalysis.size()];
  return next >= 'A' && next <= 'Z' ? std::string_view() : answer;
}

}  // namespace

std::string without_thoughts(std::string_view answer) {
  const bool has_channels = answer.find("<|channel|>") != answer.npos;
  return without_tagged(has_channels ? final_channel(answer) : after_bare_channels(answer));
}

}  // namespace llm_benchmark
