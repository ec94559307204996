#include "runtime/record/utc_text.h"

#include <algorithm>

namespace batchscope::record {

void UtcText::AppendTo(std::string& out, std::int64_t unix_micros) {
  unix_micros = std::max<std::int64_t>(unix_micros, 0);
  if (const std::int64_t second = unix_micros / 1'000'000; second != second_) {
    second_ = second;
    text_ = FormatUtc(FromUnixMicros(second * 1'000'000));
    text_.resize(text_.find('.'));
  }
  char fraction[9] = ".000000Z";
  std::int64_t rest = unix_micros % 1'000'000;
  for (int place = 6; place > 0; --place, rest /= 10) fraction[place] = static_cast<char>('0' + rest % 10);
  out.append(text_).append(fraction, 8);
}

}  // namespace batchscope::record
