package main

import "strings"

// emojiOf is the picture for a code such as ":+1::skin-tone-2:"; a code that is
// not known, as of a workspace's own emoji, stays as it is.
func emojiOf(code string) string {
	name, tone, _ := strings.Cut(strings.Trim(code, ":"), "::")
	picture, ok := emoji[name]
	if !ok {
		return code
	}
	if tone == "" {
		return picture
	}
	// The tone follows the first sign, in place of the one that asks for a picture.
	first, rest := []rune(picture)[:1], []rune(picture)[1:]
	if len(rest) > 0 && rest[0] == '\uFE0F' {
		rest = rest[1:]
	}
	return string(first) + skinTones[tone] + string(rest)
}

var skinTones = map[string]string{
	"skin-tone-2": "🏻", "skin-tone-3": "🏼", "skin-tone-4": "🏽", "skin-tone-5": "🏾", "skin-tone-6": "🏿",
}

// emoji are those that people use in a talk.
var emoji = func() map[string]string {
	all := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(emojiTable), "\n") {
		fields := strings.Fields(line)
		for _, name := range fields[1:] {
			all[name] = fields[0]
		}
	}
	return all
}()

const emojiTable = `
😀 grinning
😃 smiley
😄 smile
😁 grin
😆 laughing satisfied
😅 sweat_smile
🤣 rolling_on_the_floor_laughing
😂 joy
🙂 slightly_smiling_face
🙃 upside_down_face
😉 wink
😊 blush
😇 innocent
🥰 smiling_face_with_3_hearts
😍 heart_eyes
🤩 star-struck
😘 kissing_heart
😋 yum
😛 stuck_out_tongue
😜 stuck_out_tongue_winking_eye
🤪 zany_face
😝 stuck_out_tongue_closed_eyes
🤗 hugging_face hugs
🤭 face_with_hand_over_mouth
🤫 shushing_face
🤔 thinking_face thinking
🤐 zipper_mouth_face
🤨 face_with_raised_eyebrow
😐 neutral_face
😑 expressionless
😶 no_mouth
😏 smirk
😒 unamused
🙄 face_with_rolling_eyes roll_eyes
😬 grimacing
😌 relieved
😔 pensive
😪 sleepy
😴 sleeping
😷 mask
🤒 face_with_thermometer
🤕 face_with_head_bandage
🤢 nauseated_face
🤮 face_vomiting
🤧 sneezing_face
🥵 hot_face
🥶 cold_face
😵 dizzy_face
🤯 exploding_head
🥳 partying_face
😎 sunglasses
🤓 nerd_face
🧐 face_with_monocle
😕 confused
😟 worried
🙁 slightly_frowning_face
😮 open_mouth
😯 hushed
😲 astonished
😳 flushed
🥺 pleading_face
😦 frowning
😧 anguished
😨 fearful
😰 cold_sweat
😥 disappointed_relieved
😢 cry
😭 sob
😱 scream
😖 confounded
😣 persevere
😞 disappointed
😓 sweat
😩 weary
😫 tired_face
🥱 yawning_face
😤 triumph
😡 rage
😠 angry
🤬 face_with_symbols_on_mouth
😈 smiling_imp
💀 skull
💩 hankey poop
🤡 clown_face
👻 ghost
👽 alien
🤖 robot_face
😺 smiley_cat
🙈 see_no_evil
🙉 hear_no_evil
🙊 speak_no_evil
❤️ heart
🧡 orange_heart
💛 yellow_heart
💚 green_heart
💙 blue_heart
💜 purple_heart
🖤 black_heart
💔 broken_heart
💕 two_hearts
💖 sparkling_heart
💯 100
💥 boom collision
💫 dizzy
💬 speech_balloon
💤 zzz
👋 wave
🤚 raised_back_of_hand
✋ hand raised_hand
👌 ok_hand
✌️ v
🤞 crossed_fingers
🤟 i_love_you_hand_sign
🤘 the_horns
🤙 call_me_hand
👈 point_left
👉 point_right
👆 point_up_2
👇 point_down
☝️ point_up
👍 +1 thumbsup
👎 -1 thumbsdown
✊ fist
👊 facepunch punch
👏 clap
🙌 raised_hands
👐 open_hands
🤝 handshake
🙏 pray
💪 muscle
👀 eyes
🧠 brain
👶 baby
🙋 raising_hand
🤦 face_palm
🤷 shrug
🙇 bow
🐶 dog
🐱 cat
🦄 unicorn_face
🐛 bug
🐢 turtle
🌹 rose
🌻 sunflower
🌳 deciduous_tree
🍀 four_leaf_clover
🌍 earth_africa
🌞 sun_with_face
🌈 rainbow
☀️ sunny
⭐ star
🌟 star2
⚡ zap
🔥 fire
❄️ snowflake
💧 droplet
🍎 apple
🍕 pizza
🎂 birthday
🍰 cake
☕ coffee
🍺 beer
🍻 beers
🍷 wine_glass
🥂 clinking_glasses
🎉 tada
🎊 confetti_ball
🎁 gift
🎄 christmas_tree
🏆 trophy
🥇 first_place_medal
⚽ soccer
🎯 dart
🎮 video_game
🎵 musical_note
🚀 rocket
✈️ airplane
🚗 car red_car
🚚 truck
🏠 house
🏢 office
⏰ alarm_clock
⌛ hourglass
⏳ hourglass_flowing_sand
📱 iphone
💻 computer
🖥️ desktop_computer
🖨️ printer
📷 camera
📞 telephone_receiver
☎️ phone telephone
💡 bulb
🔋 battery
🔧 wrench
🔨 hammer
⚙️ gear
🔗 link
🔒 lock
🔓 unlock
🔑 key
📎 paperclip
📌 pushpin
📍 round_pushpin
📝 memo pencil
✏️ pencil2
📄 page_facing_up
📋 clipboard
📁 file_folder
📅 date
📆 calendar
📈 chart_with_upwards_trend
📉 chart_with_downwards_trend
📊 bar_chart
📦 package
📧 e-mail
✉️ email envelope
📣 mega
📢 loudspeaker
🔔 bell
🔍 mag
💰 moneybag
💳 credit_card
🛒 shopping_trolley
✅ white_check_mark
☑️ ballot_box_with_check
✔️ heavy_check_mark
❌ x
❗ exclamation heavy_exclamation_mark
❓ question
⚠️ warning
🚫 no_entry_sign
⛔ no_entry
🔴 red_circle
🟢 large_green_circle
🔵 large_blue_circle
➕ heavy_plus_sign
➖ heavy_minus_sign
➡️ arrow_right
⬅️ arrow_left
⬆️ arrow_up
⬇️ arrow_down
🔄 arrows_counterclockwise
🆗 ok
🆕 new
ℹ️ information_source
✨ sparkles
🏁 checkered_flag
🚧 construction
🚨 rotating_light
`
