#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// What holds for every kind of message: tests give one of each alternative.
namespace batchscope::wire {

/// Decodes a copy in memory of just that size, so that the sanitizer sees a byte too far.
template <typename Decode>
auto DecodeAlone(Decode decode, std::string_view bytes) {
  const auto alone = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), alone.get());
  return decode(std::string_view(alone.get(), bytes.size()));
}

/// Each comes back as it was, and neither a part of it nor more than it can be read.
template <typename Message, typename Decode>
void ExpectRoundTripsAndNoPart(const std::vector<Message>& messages, Decode decode) {
  for (const Message& message : messages) {
    const std::string bytes = Encode(message);
    const auto back = DecodeAlone(decode, bytes);
    ASSERT_TRUE(back.ok()) << back.message();
    EXPECT_EQ(back.value(), message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(DecodeAlone(decode, bytes.substr(0, size)).ok()) << size << " of " << bytes.size() << " bytes";
    }
    EXPECT_FALSE(DecodeAlone(decode, bytes + '\0').ok());
  }
}

/// Messages with some bytes changed are read or refused, never worse; those that are read have just these bytes.
template <typename Message, typename Decode>
void ExpectAnyBytesAreAnswered(const std::vector<Message>& messages, Decode decode) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same bytes every time.
  int understood = 0;
  for (int round = 0; round < 2000; ++round) {
    for (const Message& message : messages) {
      std::string bytes = Encode(message);
      for (int changes = 0; changes < 3; ++changes) bytes[random() % bytes.size()] = static_cast<char>(random());
      const auto back = DecodeAlone(decode, bytes);
      if (!back.ok()) continue;
      ++understood;
      EXPECT_EQ(Encode(back.value()), bytes);
    }
  }
  EXPECT_GT(understood, 0);
}

}  // namespace batchscope::wire
